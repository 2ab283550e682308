package io.ambassador.auth.fuzz;

import com.sun.management.ThreadMXBean;
import io.ambassador.spi.Settings;
import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.Protocol;
import io.ambassador.spi.protocol.ProtocolProvider;
import io.ambassador.spi.secret.CredentialException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.Promise;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;

/** One input's way through a session. Its first byte says how the rest is cut into packets. */
final class Fuzzed {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    /** What a session takes whatever the input, with a channel to run it on. */
    private static final long ALLOWANCE = 512 * 1024;

    private static final int PER_BYTE = 100;
    /** Classes load and methods are instrumented meanwhile, which is not the input's doing. */
    private static final int WARM_UP = 1_000;

    private static int runs;

    private Fuzzed() {}

    static <C extends Record> Protocol protocol(ProtocolProvider<C> provider, Map<String, ?> settings) {
        return provider.create(provider.parse(Settings.of("fuzz", settings)));
    }

    /** Feeds {@code input} to a handshake, as what its peer sent. */
    static <T> void handshake(byte[] input, Function<Promise<T>, Handshake<T>> handler) {
        measured(input, allocator -> {
            Promise<T> outcome = ImmediateEventExecutor.INSTANCE.newPromise();
            EmbeddedChannel channel = channel(allocator, handler.apply(outcome));
            feed(channel, input);
            close(channel);
            require(outcome.isDone(), "the peer is gone, and the handshake goes on");
            if (!outcome.isSuccess()) {
                requireTyped(outcome.cause());
            }
        });
    }

    interface Run {
        void with(UnpooledByteBufAllocator allocator);
    }

    /** Runs with an allocator that must have got everything back in the end. */
    static void measured(byte[] input, Run run) {
        UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false);
        long held = held(UnpooledByteBufAllocator.DEFAULT);
        long before = THREADS.getCurrentThreadAllocatedBytes();
        run.with(allocator);
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        require(held(allocator) == 0, held(allocator) + " bytes leaked");
        require(held(UnpooledByteBufAllocator.DEFAULT) == held, "an unpooled buffer leaked");
        runs++;
        require(
                runs < WARM_UP || allocated < ALLOWANCE + (long) PER_BYTE * input.length,
                allocated + " bytes allocated for an input of " + input.length);
    }

    static EmbeddedChannel channel(UnpooledByteBufAllocator allocator, ChannelHandler... handlers) {
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.config().setAllocator(allocator);
        channel.pipeline().addLast(handlers);
        return channel;
    }

    static void feed(EmbeddedChannel channel, byte[] input) {
        int size = input.length == 0 || input[0] <= 0 ? Integer.MAX_VALUE : input[0];
        for (int from = 1; from < input.length && channel.isOpen(); ) {
            int to = (int) Math.min(input.length, (long) from + size);
            ByteBuf packet = channel.alloc().buffer(to - from);
            channel.writeInbound(packet.writeBytes(Arrays.copyOfRange(input, from, to)));
            channel.runPendingTasks();
            from = to;
        }
    }

    static void close(EmbeddedChannel channel) {
        channel.finishAndReleaseAll();
        channel.checkException();
    }

    static void requireTyped(Throwable failure) {
        if (!(failure instanceof CredentialException)) {
            throw new AssertionError("a failure of no kind of its own", failure);
        }
        require(!String.valueOf(failure.getMessage()).contains("pencil"), "the secret is shown");
    }

    static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }

    private static long held(UnpooledByteBufAllocator allocator) {
        return allocator.metric().usedHeapMemory() + allocator.metric().usedDirectMemory();
    }
}
