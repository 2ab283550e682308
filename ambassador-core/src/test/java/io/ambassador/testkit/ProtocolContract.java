package io.ambassador.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.Settings;
import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.protocol.Protocol;
import io.ambassador.spi.protocol.ProtocolProvider;
import io.ambassador.spi.protocol.Refusal;
import io.ambassador.spi.protocol.Session;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.Promise;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.IntPredicate;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link ProtocolProvider} promises. A subclass names the provider and, if it logs in, plays the backend;
 * the contract cuts, breaks and forges what the backend says.
 */
public abstract class ProtocolContract {
    private static final String PASSWORD = "s3cret-canary \u00e9%$";
    private static final byte[] LEFTOVER = "\u0000next protocol's bytes\r\n".getBytes(UTF_8);
    /** More than any login needs, less than an attacker would like to have held. */
    private static final long MAX_HELD = 1024 * 1024;

    private HandshakeClient client;

    /** As found by {@link ServiceLoader}. */
    protected abstract ProtocolProvider<?> provider();

    protected Map<String, ?> settings() {
        return Map.of();
    }

    /** The user that logs in; null if a password alone does. */
    protected String username() {
        return null;
    }

    /**
     * Plays a backend until the client is in, or has been told that its credentials are wrong. Called only if the
     * provider injects credentials.
     */
    protected void logIn(ScriptedServer.Connection connection, String username, String password) throws IOException {
        throw new UnsupportedOperationException("override logIn: this protocol injects credentials");
    }

    /** Plays the client's opening to a session just opened, where its login needs one. */
    protected void greet(Session session) {}

    @BeforeEach
    void openClient() {
        client = new HandshakeClient();
    }

    @AfterEach
    void closeClient() {
        client.close();
    }

    @Test
    void isFoundByItsWord() {
        assertTrue(provider().type().matches("[a-z][a-z0-9-]*"), provider().type());
        assertEquals(
                1,
                ServiceLoader.load(ProtocolProvider.class).stream()
                        .filter(found -> found.type() == provider().getClass())
                        .count(),
                "META-INF/services/" + ProtocolProvider.class.getName());
    }

    @Test
    void equalSettingsGiveEqualConfigurations() {
        assertEquals(config(provider()), config(provider()));
    }

    @Test
    void tellsARefusedClientInOneMessageOrNothing() {
        for (Refusal.Kind kind : Refusal.Kind.values()) {
            Refusal refusal = new Refusal(kind, "c0ffee", "No endpoint\r\ninjected");
            ByteBuf told = open().refusal(refusal, UnpooledByteBufAllocator.DEFAULT);
            String text = told.toString(UTF_8);
            assertEquals(1, told.refCnt());
            told.release();
            if (!text.isEmpty()) {
                assertTrue(text.contains("c0ffee"), text);
                assertTrue(text.contains("No endpoint"), text);
                assertFalse(text.contains("\r\ninjected"), "a message must not end a line of the protocol");
            }
        }
    }

    @Test
    void relaysAtOnceIfItCannotLogIn() {
        if (!provider().injectsCredentials()) {
            assertNull(open().login(ImmediateEventExecutor.INSTANCE.newPromise(), new TestLogin(null, PASSWORD)));
        }
    }

    @Test
    void logsInHoweverAnswersAreCut() throws Exception {
        if (!provider().injectsCredentials()) {
            return;
        }
        try (ScriptedServer backend = ScriptedServer.start(this::accept)) {
            int length = (int) logsIn(backend, HandshakeClient.WHOLE) - LEFTOVER.length;
            assertTrue(length > 0, "a backend answers something");
            logsIn(backend, HandshakeClient.EVERY_BYTE);
            for (int offset = 1; offset <= length + 1; offset++) {
                logsIn(backend, HandshakeClient.cutAt(offset));
            }
        }
    }

    /** @return how many bytes the backend sent */
    private long logsIn(ScriptedServer backend, IntPredicate cuts) throws Exception {
        TestLogin login = new TestLogin(username(), PASSWORD);
        try (HandshakeClient.Run<Void> run = client.run(backend.address(), null, cuts, handler(login))) {
            run.result();
            soon().untilAsserted(() -> assertEquals(text(LEFTOVER), text(run.leftovers())));
            assertTrue(login.allWiped(), "a secret was left open");
            return run.received();
        }
    }

    @Test
    void wrongSecretIsRefusedAndNeverShown() throws Exception {
        if (!provider().injectsCredentials()) {
            return;
        }
        try (ScriptedServer backend =
                        ScriptedServer.start(connection -> logIn(connection, username(), "another password"));
                HandshakeClient.Run<Void> run = start(backend)) {
            LoginException failure = assertInstanceOf(LoginException.class, run.failure());
            assertEquals(LoginException.Kind.REFUSED, failure.kind());
            assertHarmless(failure);
            await().until(() -> !run.channel().isOpen());
        }
    }

    @Test
    void neverSendsASecretThatOthersCouldRead() throws Exception {
        if (!provider().injectsCredentials()) {
            return;
        }
        TestLogin login = new TestLogin(username(), PASSWORD, false);
        try (ScriptedServer backend = ScriptedServer.start(this::accept)) {
            try (HandshakeClient.Run<Void> run =
                    client.run(backend.address(), null, HandshakeClient.WHOLE, handler(login))) {
                Throwable failure = run.failure();
                if (failure != null) {
                    assertHarmless(failure);
                }
            }
            assertFalse(text(backend.received()).contains(PASSWORD));
        }
    }

    @Test
    void failsWhenTheBackendLeavesAtAnyByte() throws Exception {
        if (!provider().injectsCredentials()) {
            return;
        }
        AtomicInteger limit = new AtomicInteger(Integer.MAX_VALUE);
        AtomicInteger sent = new AtomicInteger();
        ScriptedServer.Script cutShort = connection -> {
            Cut cut = new Cut(connection.out(), limit.get());
            logIn(new ScriptedServer.Connection(connection.socket(), connection.in(), cut), username(), PASSWORD);
            sent.set(cut.written);
        };
        try (ScriptedServer backend = ScriptedServer.start(cutShort)) {
            try (HandshakeClient.Run<Void> run = start(backend)) {
                run.result();
                await().until(() -> sent.get() > 0);
            }
            int whole = sent.get();
            for (int bytes = 0; bytes < whole; bytes++) {
                limit.set(bytes);
                try (HandshakeClient.Run<Void> run = start(backend)) {
                    assertNotNull(run.failure(), "logged in after " + bytes + " of " + whole + " bytes");
                    soon().until(() -> !run.channel().isOpen());
                }
            }
        }
    }

    @Test
    void failsWhenTheBackendResetsTheConnection() throws Exception {
        failsAgainst(ScriptedServer.Connection::reset);
    }

    @Test
    void failsOnAnEndlessLine() throws Exception {
        failsAgainst(connection -> flood(connection, "A".repeat(4096).getBytes(UTF_8)));
    }

    @Test
    void failsOnEndlessZeros() throws Exception {
        failsAgainst(connection -> flood(connection, new byte[4096]));
    }

    @Test
    void failsOnNoise() throws Exception {
        failsAgainst(connection -> {
            Random random = new Random(42);
            byte[] noise = new byte[4096];
            while (true) {
                random.nextBytes(noise);
                connection.out().write(noise);
            }
        });
    }

    @Test
    void failsOnAnEchoAndDoesNotShowIt() throws Exception {
        failsAgainst(connection -> {
            connection.socket().setSoTimeout(1_000); // then it leaves
            connection.in().transferTo(connection.out());
        });
    }

    private void failsAgainst(ScriptedServer.Script hostile) throws Exception {
        if (!provider().injectsCredentials()) {
            return;
        }
        try (ScriptedServer backend = ScriptedServer.start(hostile);
                HandshakeClient.Run<Void> run = start(backend)) {
            Throwable failure = run.failure();
            assertNotNull(failure, "logged in at a backend that is none");
            assertHarmless(failure);
            await().until(() -> !run.channel().isOpen());
            assertTrue(run.receivedForOutcome() < MAX_HELD, run.receivedForOutcome() + " bytes taken");
            assertEquals("", text(run.leftovers()), "bytes of a failed login were handed on");
        }
    }

    /** For what happens once for each byte: waits as long as others do, but looks more often. */
    private static ConditionFactory soon() {
        return await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(2));
    }

    private static void flood(ScriptedServer.Connection connection, byte[] bytes) throws IOException {
        while (true) {
            connection.out().write(bytes);
        }
    }

    /** A backend that logs in whoever is right and goes on with other bytes in the same packet. */
    private void accept(ScriptedServer.Connection connection) throws IOException {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        InputStream in = new FilterInputStream(connection.in()) {
            @Override
            public int read() throws IOException {
                send(said, connection.out());
                return super.read();
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                send(said, connection.out());
                return super.read(bytes, offset, length);
            }
        };
        logIn(new ScriptedServer.Connection(connection.socket(), in, said), username(), PASSWORD);
        said.writeBytes(LEFTOVER);
        send(said, connection.out());
        connection.awaitClose();
    }

    private static void send(ByteArrayOutputStream said, OutputStream out) throws IOException {
        out.write(said.toByteArray());
        said.reset();
    }

    private HandshakeClient.Run<Void> start(ScriptedServer backend) {
        return client.run(backend.address(), null, HandshakeClient.WHOLE, handler(new TestLogin(username(), PASSWORD)));
    }

    private Function<Promise<Void>, Handshake<Void>> handler(Login login) {
        return ready -> {
            Session session = open();
            greet(session);
            return session.login(ready, login);
        };
    }

    private Session open() {
        return create(provider()).open(new TestClient(true));
    }

    private <C extends Record> Protocol create(ProtocolProvider<C> provider) {
        return provider.create(config(provider));
    }

    private <C extends Record> C config(ProtocolProvider<C> provider) {
        Settings settings = Settings.of("test", settings());
        C config = provider.parse(settings);
        settings.refuseUnknownKeys();
        assertEquals(List.of(), settings.problems());
        return config;
    }

    static void assertHarmless(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            assertFalse(cause.toString().contains("s3cret"), "the secret is shown: " + cause.getClass());
        }
    }

    private static String text(byte[] bytes) {
        return new String(bytes, UTF_8);
    }

    private static final class Cut extends FilterOutputStream {
        private final int limit;
        private int written;

        Cut(OutputStream out, int limit) {
            super(out);
            this.limit = limit;
        }

        @Override
        public void write(int b) throws IOException {
            if (written == limit) {
                throw new IOException("cut after " + limit + " bytes");
            }
            out.write(b);
            written++;
        }
    }
}
