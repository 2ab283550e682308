package io.ambassador.auth.postgresql;

import static io.ambassador.spi.protocol.LoginException.Kind.DECLINED;
import static io.ambassador.spi.protocol.LoginException.Kind.PROTOCOL;
import static io.ambassador.spi.protocol.LoginException.Kind.REFUSED;
import static io.ambassador.spi.protocol.LoginException.Kind.UNAVAILABLE;
import static io.ambassador.testkit.Timing.assertWithin;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.protocol.Protocol;
import io.ambassador.spi.protocol.Refusal;
import io.ambassador.spi.protocol.ServerRole;
import io.ambassador.spi.protocol.Session;
import io.ambassador.testkit.HandshakeClient;
import io.ambassador.testkit.PgClient;
import io.ambassador.testkit.ScriptedServer;
import io.ambassador.testkit.TestClient;
import io.ambassador.testkit.TestLogin;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Servers that are right, wrong and hostile. */
class BackendLoginTest {
    private static final String PASSWORD = "s3cret-canary";

    /** What a server says after it has read the startup. */
    private interface Script {
        void play(Backend backend) throws IOException;
    }

    private final HandshakeClient client = new HandshakeClient();
    private final Session session = session(LoginRules.DEFAULT);

    @AfterEach
    void closeClient() {
        client.close();
    }

    private static Session session(LoginRules rules) {
        Protocol protocol = new PostgresqlProtocol(new PostgresqlConfig(null, Set.of(), rules));
        Session session = protocol.open(new TestClient(true));
        Backend.greet(session, "user", "whoever", "database", "shop", "application_name", "test");
        return session;
    }

    static Stream<Arguments> hostile() {
        return Stream.of(
                script("skips the proof", PROTOCOL, "without proving", backend -> {
                    backend.say(Backend.SCRAM_OFFERED);
                    String bare = backend.clientFirstBare();
                    backend.say(Backend.authentication(
                            11, Backend.challenge(bare, 1).getBytes(UTF_8)));
                    backend.answer();
                    backend.say(Backend.welcome());
                }),
                script("skips all of SCRAM", PROTOCOL, "without proving", backend -> {
                    backend.say(Backend.SCRAM_OFFERED);
                    backend.answer();
                    backend.say(Backend.welcome());
                }),
                script("signs wrongly", PROTOCOL, "does not know the password", backend -> {
                    backend.say(Backend.SCRAM_OFFERED);
                    String bare = backend.clientFirstBare();
                    backend.say(Backend.authentication(
                            11, Backend.challenge(bare, 1).getBytes(UTF_8)));
                    backend.answer();
                    backend.say(Backend.authentication(12, "v=AAAA".getBytes(UTF_8)), Backend.welcome());
                }),
                script("signs before it has a proof", PROTOCOL, "out of turn", backend -> {
                    backend.say(Backend.SCRAM_OFFERED);
                    backend.answer();
                    backend.say(Backend.authentication(12, "v=AAAA".getBytes(UTF_8)));
                }),
                script("2^31 iterations", PROTOCOL, "2147483648 iterations", backend -> {
                    backend.say(Backend.SCRAM_OFFERED);
                    String bare = backend.clientFirstBare();
                    backend.say(Backend.authentication(
                            11, Backend.challenge(bare, 1L << 31).getBytes(UTF_8)));
                }),
                script("asks for the password after SCRAM", PROTOCOL, "out of turn", backend -> {
                    backend.say(Backend.SCRAM_OFFERED);
                    backend.answer();
                    backend.say(Backend.authentication(3, new byte[0]));
                }),
                script(
                        "unknown mechanism",
                        PROTOCOL,
                        "no mechanism",
                        backend -> backend.say(Backend.authentication(10, Backend.text("OAUTHBEARER", "")))),
                script(
                        "mechanisms without an end",
                        PROTOCOL,
                        "without an end",
                        backend -> backend.say(Backend.authentication(10, "SCRAM-SHA-256".getBytes(UTF_8)))),
                script("Kerberos", PROTOCOL, "kind 7", backend -> backend.say(Backend.authentication(7, new byte[0]))),
                script(
                        "short salt",
                        PROTOCOL,
                        "salt of 3 bytes",
                        backend -> backend.say(Backend.authentication(5, new byte[3]))),
                script("endless messages", PROTOCOL, "more than 65536 bytes", backend -> {
                    backend.say(Backend.OK);
                    while (true) {
                        backend.say(Backend.status("s3cret-canary", "again and again"));
                    }
                }),
                script(
                        "an oversized message",
                        PROTOCOL,
                        "more than 65536 bytes",
                        backend -> backend.say(ByteBuffer.allocate(5)
                                .put((byte) 'R')
                                .putInt(Integer.MAX_VALUE)
                                .array())),
                script(
                        "a negative length",
                        PROTOCOL,
                        "more than 65536 bytes",
                        backend -> backend.say(ByteBuffer.allocate(5)
                                .put((byte) 'R')
                                .putInt(-1)
                                .array())),
                script(
                        "a length too short",
                        PROTOCOL,
                        "length 3",
                        backend -> backend.say(
                                ByteBuffer.allocate(5).put((byte) 'R').putInt(3).array())),
                script("an HTTP server", PROTOCOL, "HTTP", backend -> backend.say("HTTP/1.1 400".getBytes(UTF_8))),
                script(
                        "a parameter before the login",
                        PROTOCOL,
                        "out of turn",
                        backend -> backend.say(Backend.status("a", "b"), Backend.welcome())),
                script(
                        "ready before the login",
                        PROTOCOL,
                        "out of turn",
                        backend -> backend.say(Backend.READY, Backend.welcome())),
                script(
                        "a second login",
                        PROTOCOL,
                        "out of turn",
                        backend -> backend.say(Backend.OK, Backend.SCRAM_OFFERED)),
                script(
                        "rows",
                        PROTOCOL,
                        "out of turn",
                        backend -> backend.say(Backend.OK, Backend.message('D', new byte[2]))),
                script(
                        "a key of one byte",
                        PROTOCOL,
                        "cancel key",
                        backend -> backend.say(Backend.OK, Backend.message('K', new byte[5]))),
                script("wrong password", REFUSED, "28P01", backend -> backend.say(Backend.error("28P01"))),
                script("no such host", REFUSED, "28000", backend -> backend.say(Backend.error("28000"))),
                script("too many", UNAVAILABLE, "53300", backend -> backend.say(Backend.error("53300"))),
                script("starting", UNAVAILABLE, "57P03", backend -> backend.say(Backend.error("57P03"))),
                script("stopping", UNAVAILABLE, "57P01", backend -> backend.say(Backend.error("57P01"))),
                script("nonsense", PROTOCOL, "unknown", backend -> backend.say(Backend.error("s3cret"))),
                script(
                        "starting after all",
                        UNAVAILABLE,
                        "57P03",
                        backend -> backend.say(Backend.OK, Backend.error("57P03"))),
                script(
                        "too many after all",
                        UNAVAILABLE,
                        "53300",
                        backend -> backend.say(Backend.OK, Backend.error("53300"))),
                script("may not log in", REFUSED, "28000", backend -> backend.say(Backend.OK, Backend.error("28000"))),
                script(
                        "no such database",
                        DECLINED,
                        "3D000",
                        backend -> backend.say(Backend.OK, Backend.error("3D000"))));
    }

    private static Arguments script(String what, LoginException.Kind kind, String says, Script script) {
        return Arguments.of(what, kind, says, script);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("hostile")
    void refuses(String what, LoginException.Kind kind, String says, Script script) throws Exception {
        long began = System.nanoTime();
        Duration cpuBefore = client.cpuTime();
        LoginException failure = failure(session, new TestLogin("app", PASSWORD), connection -> {
            Backend backend = new Backend(connection);
            backend.startup();
            script.play(backend);
            connection.awaitClose();
        });
        assertWithin(Duration.ofMillis(100), client.cpuTime().minus(cpuBefore).toMillis());
        assertWithin(Duration.ofSeconds(1), (System.nanoTime() - began) / 1_000_000);
        assertEquals(kind, failure.kind(), failure.getMessage());
        assertTrue(failure.getMessage().contains(says), failure.getMessage());
        assertFalse(failure.getMessage().contains("s3cret"), failure.getMessage());
    }

    @Test
    void keepsToTheMethodsAllowed() throws Exception {
        for (AuthMethod method : AuthMethod.values()) {
            LoginRules others = new LoginRules(
                    Set.of(method == AuthMethod.MD5 ? AuthMethod.TRUST : AuthMethod.MD5), ChannelBinding.PREFER);
            LoginRules bound = new LoginRules(LoginRules.DEFAULT.methods(), ChannelBinding.REQUIRE);
            for (LoginRules rules : new LoginRules[] {others, bound}) {
                LoginException failure = failure(session(rules), new TestLogin("app", PASSWORD), connection -> {
                    Backend backend = new Backend(connection);
                    backend.startup();
                    backend.say(
                            switch (method) {
                                case SCRAM_SHA_256 -> Backend.SCRAM_OFFERED;
                                case MD5 -> Backend.authentication(5, new byte[4]);
                                case CLEARTEXT -> Backend.authentication(3, new byte[0]);
                                case TRUST -> Backend.welcome();
                            });
                    connection.awaitClose();
                });
                assertEquals(PROTOCOL, failure.kind());
            }
        }
    }

    @Test
    void aDeclinedSessionIsToldInTheServersWords() throws Exception {
        byte[] error = Backend.error("3D000");
        failure(session, new TestLogin("app", PASSWORD), connection -> {
            Backend backend = new Backend(connection);
            backend.startup();
            backend.say(Backend.OK, error);
            connection.awaitClose();
        });
        assertArrayEquals(error, told(Refusal.Kind.DECLINED));
        assertFalse(new String(told(Refusal.Kind.LOGIN_FAILED), UTF_8).contains("things"));
    }

    private byte[] told(Refusal.Kind kind) {
        ByteBuf told = session.refusal(new Refusal(kind, "c0ffee", "no"), UnpooledByteBufAllocator.DEFAULT);
        byte[] bytes = new byte[told.readableBytes()];
        told.readBytes(bytes);
        told.release();
        return bytes;
    }

    @Test
    void logsInAsOurUserToTheDatabaseOfTheClient() throws Exception {
        AtomicReference<String> startup = new AtomicReference<>();
        welcome(session, new TestLogin("app", PASSWORD), startup, Backend.welcome());
        assertEquals("\0\3\0\0user\0app\0database\0shop\0application_name\0test\0\0", startup.get());
        Session nameless = session(LoginRules.DEFAULT);
        welcome(nameless, new TestLogin(null, PASSWORD), startup, Backend.welcome());
        assertTrue(startup.get().contains("user\0whoever\0"), startup.get());
    }

    @Test
    void theClientIsToldAllButTheKeyAndWhatCameBeforeTheLogin() throws Exception {
        byte[] negotiated = Backend.message('v', new byte[8]);
        byte[] early = Backend.message('N', Backend.text("Mearly", ""));
        byte[] late = Backend.message('N', Backend.text("Mlate", ""));
        byte[] status = Backend.status("in_hot_standby", "on");
        TestLogin login = new TestLogin("app", PASSWORD);
        welcome(
                session,
                login,
                new AtomicReference<>(),
                Backend.join(
                        negotiated,
                        early,
                        Backend.OK,
                        status,
                        late,
                        Backend.key(0x11333344, 0x55667788),
                        Backend.READY));
        assertEquals(ServerRole.REPLICA, login.role());

        EmbeddedChannel clientSide = new EmbeddedChannel();
        session.ready(clientSide, new EmbeddedChannel());
        ByteBuf told = clientSide.readOutbound();
        byte[] bytes = new byte[told.readableBytes()];
        told.readBytes(bytes);
        told.release();
        byte[] before = Backend.join(negotiated, Backend.OK, status, late);
        String all = new String(bytes, ISO_8859_1);
        assertTrue(all.startsWith(new String(before, ISO_8859_1)), all);
        String rest = all.substring(before.length);
        assertEquals(13 + Backend.READY.length, rest.length());
        assertEquals('K', rest.charAt(0));
        assertFalse(rest.contains("\u0011\u0033\u0033\u0044"));
        assertFalse(rest.contains("\u0055\u0066\u0077\u0088"));
        assertTrue(rest.endsWith(new String(Backend.READY, ISO_8859_1)));
    }

    @Test
    void aWarmSessionIsAdopted() throws Exception {
        PostgresqlProtocol protocol = new PostgresqlProtocol(new PostgresqlConfig(null, Set.of(), LoginRules.DEFAULT));
        Session first = protocol.open(new TestClient(true));
        Backend.greet(first, "user", "whoever", "database", "shop");
        Session second = protocol.open(new TestClient(true));
        Backend.greet(second, "user", "whoever", "database", "shop");
        assertEquals(first.warmKey(), second.warmKey());
        Session other = protocol.open(new TestClient(true));
        Backend.greet(other, "user", "whoever", "database", "elsewhere");
        assertFalse(first.warmKey().equals(other.warmKey()));

        Session warm = protocol.openWarm(first.warmKey());
        AtomicReference<String> startup = new AtomicReference<>();
        welcome(warm, new TestLogin("app", PASSWORD), startup, Backend.welcome());
        assertEquals("\0\3\0\0user\0app\0database\0shop\0\0", startup.get());
        first.adopt(warm);
        EmbeddedChannel clientSide = new EmbeddedChannel();
        first.ready(clientSide, new EmbeddedChannel());
        ByteBuf told = clientSide.readOutbound();
        assertTrue(told.toString(UTF_8).contains("server_version"));
        told.release();
        first.ended();
    }

    @Test
    void neverGoesOnWithoutTlsThatIsWanted() throws Exception {
        byte[][] answers = {
            {'N'},
            {'E', 0, 0, 0, 5, 0},
            {'S', 'x'},
            Backend.join(new byte[] {'S'}, Backend.welcome()),
            {0x16, 3, 1},
            {'s'}
        };
        for (byte[] answer : answers) {
            AtomicReference<Boolean> started = new AtomicReference<>(false);
            ScriptedServer.Script script = connection -> {
                connection.in().readNBytes(8);
                connection.out().write(answer);
                connection.awaitClose();
            };
            try (ScriptedServer server = ScriptedServer.start(script);
                    HandshakeClient.Run<Void> run = client.run(
                            server.address(),
                            null,
                            HandshakeClient.WHOLE,
                            ready -> session.login(ready, pending(started)))) {
                assertInstanceOf(LoginException.class, run.failure());
                await().until(() -> server.open() == 0);
                assertEquals(8, server.received().length, "nothing but the request for TLS was sent");
                assertFalse(started.get());
            }
        }
    }

    @Test
    void bytesThatComeBeforeTlsHasBegunAreFatal() throws Exception {
        AtomicReference<Boolean> started = new AtomicReference<>(false);
        ScriptedServer.Script script = connection -> {
            connection.in().readNBytes(8);
            connection.out().write(Backend.join(new byte[] {'S'}, Backend.welcome()));
            connection.awaitClose();
        };
        try (ScriptedServer server = ScriptedServer.start(script);
                HandshakeClient.Run<Void> run = client.run(
                        server.address(),
                        null,
                        HandshakeClient.EVERY_BYTE,
                        ready -> session.login(ready, pending(started)))) {
            LoginException failure = assertInstanceOf(LoginException.class, run.failure());
            assertTrue(failure.getMessage().contains("in plain text"), failure.getMessage());
            assertTrue(started.get());
            await().until(() -> server.open() == 0);
            assertEquals(8, server.received().length);
        }
    }

    /** Wants TLS, which never comes about. */
    private static Login pending(AtomicReference<Boolean> started) {
        TestLogin login = new TestLogin("app", PASSWORD);
        return (Login) Proxy.newProxyInstance(
                Login.class.getClassLoader(), new Class<?>[] {Login.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("tlsPending")) {
                        return true;
                    }
                    if (method.getName().equals("startTls")) {
                        started.set(true);
                        return ((ChannelHandlerContext) arguments[0]).executor().newPromise();
                    }
                    try {
                        return method.invoke(login, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    @Test
    void aCancelRequestGoesWhereTheConnectionIs() throws Exception {
        PostgresqlProtocol protocol = new PostgresqlProtocol(new PostgresqlConfig(null, Set.of(), LoginRules.DEFAULT));
        Session served = protocol.open(new TestClient(true));
        Backend.greet(served, "user", "whoever");
        TestLogin login = new TestLogin("app", PASSWORD);
        welcome(served, login, new AtomicReference<>(), Backend.welcome());
        EmbeddedChannel clientSide = new EmbeddedChannel();
        served.ready(clientSide, new EmbeddedChannel());
        ByteBuf told = clientSide.readOutbound();
        int at = told.readableBytes() - Backend.READY.length - 8;
        int pid = told.getInt(at);
        int secret = told.getInt(at + 4);
        told.release();

        assertNull(cancel(protocol, pid, secret + 1).target());
        assertNull(cancel(protocol, pid + 1, secret).target());
        Session cancel = cancel(protocol, pid, secret);
        assertEquals(login.endpoint(), cancel.target());
        assertNull(cancel.warmKey());
        assertEquals(
                0,
                cancel.refusal(new Refusal(Refusal.Kind.LIMIT, "c0ffee", "no"), UnpooledByteBufAllocator.DEFAULT)
                        .readableBytes());
        ScriptedServer.Script script = connection -> connection.in().readNBytes(16);
        try (ScriptedServer server = ScriptedServer.start(script);
                HandshakeClient.Run<Void> run = client.run(
                        server.address(), null, HandshakeClient.WHOLE, ready -> cancel.login(ready, login))) {
            run.result();
            await().until(() -> server.received().length == 16);
            assertArrayEquals(
                    ByteBuffer.allocate(16)
                            .putInt(16)
                            .putInt(80_877_102)
                            .putInt(7)
                            .putInt(8)
                            .array(),
                    server.received());
        }
        served.ended();
        assertNull(cancel(protocol, pid, secret).target());
    }

    private static Session cancel(Protocol protocol, int pid, int secret) {
        Session session = protocol.open(new TestClient(true));
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.pipeline().addLast(session.greeting(channel.eventLoop().newPromise()));
        channel.writeInbound(Unpooled.buffer()
                .writeInt(16)
                .writeInt(80_877_102)
                .writeInt(pid)
                .writeInt(secret));
        assertNull(channel.readOutbound(), "a cancel request is never answered");
        channel.finishAndReleaseAll();
        return session;
    }

    private void welcome(Session session, TestLogin login, AtomicReference<String> startup, byte[] welcome)
            throws Exception {
        ScriptedServer.Script script = connection -> {
            Backend backend = new Backend(connection);
            startup.set(backend.startup());
            backend.say(welcome);
            connection.awaitClose();
        };
        try (ScriptedServer server = ScriptedServer.start(script);
                HandshakeClient.Run<Void> run = client.run(
                        server.address(), null, HandshakeClient.WHOLE, ready -> session.login(ready, login))) {
            run.result();
            assertTrue(login.allWiped());
        }
    }

    private LoginException failure(Session session, TestLogin login, ScriptedServer.Script script) throws Exception {
        try (ScriptedServer server = ScriptedServer.start(script);
                HandshakeClient.Run<Void> run = client.run(
                        server.address(), null, HandshakeClient.WHOLE, ready -> session.login(ready, login))) {
            LoginException failure = assertInstanceOf(LoginException.class, run.failure());
            await().until(() -> !run.channel().isOpen());
            assertFalse(new String(server.received(), UTF_8).contains(PASSWORD));
            assertTrue(login.allWiped());
            assertEquals(0, run.leftovers().length);
            return failure;
        }
    }

    @Test
    void startupsOfOtherVersionsArePassedOnAsTheyAre() {
        byte[] packet = PgClient.startup("user", "x", "_pq_.feature", "on");
        ByteBuffer.wrap(packet).putInt(4, 196_610);
        Startup startup = Startup.parse(Unpooled.wrappedBuffer(packet).skipBytes(4));
        ByteBuf encoded = startup.encode(UnpooledByteBufAllocator.DEFAULT);
        assertEquals(Unpooled.wrappedBuffer(packet), encoded);
        encoded.release();
    }
}
