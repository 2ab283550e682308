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
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.Promise;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/** One input's way through a session. Its first byte says how the rest is cut into packets. */
public final class Fuzzed {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    /** What a session takes whatever the input, with a channel to run it on. */
    private static final long ALLOWANCE = 512 * 1024;

    private static final int PER_BYTE = 100;
    /** A buffer, a promise and a task or two, and the same for an answer. */
    private static final int PER_PACKET = 2_000;
    /** What the peers that a target plays have allocated, which is not the session's doing. */
    private static long byPeers;

    private Fuzzed() {}

    static <C extends Record> Protocol protocol(ProtocolProvider<C> provider, Map<String, ?> settings) {
        return provider.create(provider.parse(Settings.of("fuzz", settings)));
    }

    /** Feeds {@code input} to a handshake, as what its peer sent. */
    static <T> void handshake(byte[] input, Function<Promise<T>, Handshake<T>> handler) {
        handshake(input, 1, handler);
    }

    /** @param from where what the peer sent begins in {@code input} */
    static <T> void handshake(byte[] input, int from, Function<Promise<T>, Handshake<T>> handler) {
        measured(input, allocator -> {
            Promise<T> outcome = ImmediateEventExecutor.INSTANCE.newPromise();
            EmbeddedChannel channel = channel(allocator, handler.apply(outcome));
            feed(channel, input, from, channel::writeInbound);
            close(channel);
            require(outcome.isDone(), "the peer is gone, and the handshake goes on");
            if (!outcome.isSuccess()) {
                requireTyped(outcome.cause());
            }
        });
    }

    public interface Run {
        void with(UnpooledByteBufAllocator allocator);
    }

    /**
     * Runs with an allocator that must have got everything back in the end; and once more if that took much, since
     * classes may have been loaded meanwhile, which is not the input's doing.
     */
    public static void measured(byte[] input, Run run) {
        long packets = input.length / packet(input) + 1L;
        long most = ALLOWANCE + (long) PER_BYTE * input.length + PER_PACKET * packets;
        long allocated = allocated(run);
        if (allocated > most) {
            allocated = allocated(run);
        }
        require(allocated <= most, allocated + " bytes allocated for an input of " + input.length);
    }

    private static long allocated(Run run) {
        UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false);
        long held = held(UnpooledByteBufAllocator.DEFAULT);
        byPeers = 0;
        long before = THREADS.getCurrentThreadAllocatedBytes();
        run.with(allocator);
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - before - byPeers;
        require(held(allocator) == 0, held(allocator) + " bytes leaked");
        require(held(UnpooledByteBufAllocator.DEFAULT) == held, "an unpooled buffer leaked");
        return allocated;
    }

    /** Does a peer's part, whose allocations do not count. */
    static <T> T asPeer(Supplier<T> part) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        T result = part.get();
        byPeers += THREADS.getCurrentThreadAllocatedBytes() - before;
        return result;
    }

    /** One whose peer is on this machine. */
    static EmbeddedChannel channel(UnpooledByteBufAllocator allocator, ChannelHandler... handlers) {
        EmbeddedChannel channel = new EmbeddedChannel() {
            @Override
            protected SocketAddress remoteAddress0() {
                return isActive() ? new InetSocketAddress("127.0.0.1", 1) : null;
            }
        };
        channel.config().setAllocator(allocator);
        channel.pipeline().addLast(new Wire()).addLast(handlers);
        return channel;
    }

    /** Hands on what follows the first {@code from} bytes, which a target has a use of its own for. */
    static void feed(EmbeddedChannel channel, byte[] input, int from, Consumer<ByteBuf> packets) {
        int size = packet(input);
        for (int at = from; at < input.length && channel.isOpen(); ) {
            int to = (int) Math.min(input.length, (long) at + size);
            packets.accept(channel.alloc().buffer(to - at).writeBytes(Arrays.copyOfRange(input, at, to)));
            channel.runPendingTasks();
            at = to;
        }
    }

    private static int packet(byte[] input) {
        return input.length == 0 || input[0] <= 0 ? Integer.MAX_VALUE : input[0];
    }

    static void close(EmbeddedChannel channel) {
        channel.finishAndReleaseAll();
        channel.checkException();
    }

    public static void requireTyped(Throwable failure) {
        if (!(failure instanceof CredentialException)) {
            throw new AssertionError("a failure of no kind of its own", failure);
        }
        require(!String.valueOf(failure.getMessage()).contains("pencil"), "the secret is shown");
    }

    public static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }

    private static long held(UnpooledByteBufAllocator allocator) {
        return allocator.metric().usedHeapMemory() + allocator.metric().usedDirectMemory();
    }

    /** Takes a copy as a transport does: a message with a secret is wiped once it is written. */
    private static final class Wire extends ChannelOutboundHandlerAdapter {
        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            ByteBuf written = (ByteBuf) message;
            ByteBuf copy = ctx.alloc().buffer(written.readableBytes()).writeBytes(written);
            written.release();
            ctx.write(copy, promise);
        }
    }
}
