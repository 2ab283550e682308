package io.ambassador.auth.fuzz;

import static io.ambassador.auth.fuzz.Fuzzed.require;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.ambassador.auth.postgresql.PostgresqlProvider;
import io.ambassador.spi.protocol.Protocol;
import io.ambassador.spi.protocol.Refusal;
import io.ambassador.spi.protocol.Session;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.Promise;
import java.util.Arrays;
import java.util.Map;

/**
 * What a server answers to the login for a client. Where the input has 24 times {@code @}, the server knows the nonce
 * that it is to continue.
 */
public final class PostgresqlLoginFuzz {
    private static final Protocol POSTGRESQL = Fuzzed.protocol(new PostgresqlProvider(), Map.of());
    private static final byte[] STARTUP = PgBytes.startup("user", "whoever", "database", "d");
    private static final String NONCE = "@".repeat(24);

    private PostgresqlLoginFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        Fuzzed.measured(input, allocator -> run(allocator, input.clone()));
    }

    private static void run(UnpooledByteBufAllocator allocator, byte[] input) {
        Session session = POSTGRESQL.open(new FuzzClient(FuzzClient.LOGGED_IN_FOR));
        Promise<Void> greeted = ImmediateEventExecutor.INSTANCE.newPromise();
        EmbeddedChannel client = Fuzzed.channel(allocator, session.greeting(greeted));
        client.writeInbound(Unpooled.wrappedBuffer(STARTUP));
        require(greeted.isSuccess(), "an ordinary client is not greeted");
        Promise<Void> ready = ImmediateEventExecutor.INSTANCE.newPromise();
        EmbeddedChannel backend = Fuzzed.channel(allocator, session.login(ready, new FuzzLogin()));
        require(PgBytes.parameters(PgBytes.sent(backend)).contains("app"), "logged in as somebody else");
        Fuzzed.feed(backend, input, 1, packet -> {
            backend.writeInbound(packet);
            continueNonce(PgBytes.sent(backend), input);
        });
        boolean in = ready.isSuccess();
        if (in) {
            session.ready(client, backend);
            String told = PgBytes.types(PgBytes.sent(client));
            require(told.matches("v*R[SN]*K?Z"), "a client is told " + told);
        }
        Fuzzed.close(backend);
        require(ready.isDone(), "the server is gone, and the login goes on");
        if (!in) {
            Fuzzed.requireTyped(ready.cause());
            Refusal refusal = new Refusal(Refusal.Kind.DECLINED, "1", "The login failed.");
            ByteBuf error = session.refusal(refusal, allocator);
            require(error.readByte() == 'E', "a refused client is told no error");
            error.release();
        }
        session.ended();
        Fuzzed.close(client);
    }

    /** In place, so that lengths stay right; what was fed before it was copied. */
    private static void continueNonce(byte[] said, byte[] input) {
        int begin = new String(said, ISO_8859_1).indexOf(",r=");
        if (said.length == 0 || said[0] != 'p' || begin < 0) {
            return;
        }
        String all = new String(input, ISO_8859_1);
        for (int at = all.indexOf(NONCE); at >= 0; at = all.indexOf(NONCE, at + NONCE.length())) {
            System.arraycopy(Arrays.copyOfRange(said, begin + 3, begin + 27), 0, input, at, NONCE.length());
        }
    }
}
