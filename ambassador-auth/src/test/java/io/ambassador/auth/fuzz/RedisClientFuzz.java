package io.ambassador.auth.fuzz;

import io.ambassador.auth.redis.RedisProvider;
import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.Protocol;
import io.ambassador.spi.protocol.Session;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.util.Map;

/** What a client says to a backend that it is logged in at. The second byte of the input is its circumstances. */
public final class RedisClientFuzz {
    private static final Protocol PLAIN = Fuzzed.protocol(new RedisProvider(), Map.of());
    private static final Protocol GUARDED = Fuzzed.protocol(new RedisProvider(), Map.of("guard", true));

    private static final int GUARD = 1;
    private static final int MUST_SHOW = 2;
    private static final int REFUSES_AGAIN = 4;
    private static final int ANSWERS_LATE = 8;
    private static final int READS_NO_ANSWERS = 16;

    private final EmbeddedChannel client;
    private final EmbeddedChannel backend;
    private final RespServer server;

    private RedisClientFuzz(UnpooledByteBufAllocator allocator, byte[] input, int mode) {
        FuzzClient shown =
                new FuzzClient(FuzzClient.LOGGED_IN_FOR | ((mode & MUST_SHOW) != 0 ? FuzzClient.MUST_SHOW : 0));
        boolean guarded = (mode & GUARD) != 0;
        server = new RespServer(shown, guarded, (mode & REFUSES_AGAIN) != 0, input);
        client = Fuzzed.channel(allocator);
        backend = Fuzzed.channel(allocator);
        Session session = (guarded ? GUARDED : PLAIN).open(shown);
        Handshake<Void> login = session.login(ImmediateEventExecutor.INSTANCE.newPromise(), new FuzzLogin());
        backend.pipeline().addLast(login);
        backend.releaseOutbound();
        backend.writeInbound(Unpooled.wrappedBuffer("+OK\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
        session.ready(client, backend);
        if ((mode & READS_NO_ANSWERS) != 0) {
            client.unsafe().outboundBuffer().setUserDefinedWritability(1, false);
        }
    }

    public static void fuzzerTestOneInput(byte[] input) {
        int mode = input.length < 2 ? 0 : input[1];
        Fuzzed.measured(input, allocator -> new RedisClientFuzz(allocator, input, mode).run(input, mode));
    }

    private void run(byte[] input, int mode) {
        Fuzzed.feed(backend, input, 2, packet -> {
            backend.writeAndFlush(packet);
            if ((mode & ANSWERS_LATE) == 0) {
                exchange();
            }
        });
        exchange();
        Fuzzed.close(backend);
        Fuzzed.close(client);
    }

    /** Until neither side has anything left to say. */
    private void exchange() {
        for (ByteBuf said = backend.readOutbound(); said != null; said = backend.readOutbound()) {
            byte[] bytes = ByteBufUtil.getBytes(said);
            said.release();
            byte[] answers = Fuzzed.asPeer(() -> server.hear(bytes));
            if (answers.length > 0 && backend.isOpen()) {
                backend.writeInbound(Unpooled.wrappedBuffer(answers));
            }
        }
        backend.releaseInbound();
    }
}
