package io.ambassador.auth.redis;

import static io.ambassador.spi.protocol.LoginException.Kind.PROTOCOL;
import static io.ambassador.spi.protocol.LoginException.Kind.REFUSED;
import static io.ambassador.spi.protocol.LoginException.Kind.UNAVAILABLE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.protocol.LoginException;
import io.ambassador.testkit.HandshakeClient;
import io.ambassador.testkit.RespClient;
import io.ambassador.testkit.ScriptedServer;
import io.ambassador.testkit.TestLogin;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RedisLoginTest {
    private static final String PASSWORD = "s3cret-canary";

    static Stream<Arguments> answers() {
        return Stream.of(
                Arguments.of(
                        "-WRONGPASS invalid username-password pair or user is disabled.", REFUSED, "wrong password"),
                Arguments.of("-ERR invalid password", REFUSED, "wrong password"),
                Arguments.of("-NOPERM this user may not", REFUSED, "NOPERM"),
                Arguments.of(
                        "-ERR AUTH <password> called without any password configured for the default user. Are you sure"
                                + " your configuration is correct?",
                        REFUSED,
                        "The server has no password"),
                Arguments.of("-ERR Client sent AUTH, but no password is set", REFUSED, "The server has no password"),
                Arguments.of("-ERR wrong number of arguments for 'auth' command", REFUSED, "Redis before 6"),
                Arguments.of(
                        "-ERR unknown command 'AUTH', with args beginning with: '" + PASSWORD + "'",
                        REFUSED,
                        "does not know AUTH"),
                Arguments.of("-ERR something about " + PASSWORD, REFUSED, "its text is withheld"),
                Arguments.of("-" + PASSWORD + " " + PASSWORD, REFUSED, "(unknown error)"),
                Arguments.of("-ERR max number of clients reached", UNAVAILABLE, "limit of clients"),
                Arguments.of("-LOADING Redis is loading the dataset in memory", UNAVAILABLE, "LOADING"),
                Arguments.of("-MASTERDOWN Link with MASTER is down", UNAVAILABLE, "MASTERDOWN"),
                Arguments.of("-BUSY Redis is busy running a script", UNAVAILABLE, "BUSY"),
                Arguments.of("-DENIED Redis is running in protected mode", UNAVAILABLE, "protected mode"),
                Arguments.of("+QUEUED", PROTOCOL, "neither +OK nor an error"),
                Arguments.of("+OK ", PROTOCOL, "neither +OK nor an error"),
                Arguments.of(":1", PROTOCOL, "neither +OK nor an error"),
                Arguments.of("$2\r\nOK", PROTOCOL, "neither +OK nor an error"),
                Arguments.of("*1\r\n$13\r\n" + PASSWORD, PROTOCOL, "neither +OK nor an error"),
                Arguments.of("HTTP/1.1 400 Bad Request", PROTOCOL, "looks like HTTP"),
                Arguments.of("\u0015\u0003\u0003\u0000\u0002\u0002\u0046", PROTOCOL, "looks like TLS"));
    }

    @ParameterizedTest
    @MethodSource("answers")
    void tellsAnswersApart(String answer, LoginException.Kind kind, String says) throws Exception {
        ScriptedServer.Script script = connection -> {
            RespClient.read(connection.in());
            connection.out().write((answer + "\r\n").getBytes(UTF_8));
            connection.awaitClose();
        };
        try (ScriptedServer server = ScriptedServer.start(script);
                HandshakeClient client = new HandshakeClient();
                HandshakeClient.Run<Void> run = run(client, server, null)) {
            LoginException failure = assertInstanceOf(LoginException.class, run.failure());
            assertEquals(kind, failure.kind());
            assertTrue(failure.getMessage().contains(says), failure.getMessage());
            assertFalse(failure.getMessage().contains(PASSWORD), failure.getMessage());
            await().until(() -> !run.channel().isOpen());
        }
    }

    /** As a server in protected mode or at its limit of clients does: it speaks first, and leaves. */
    @Test
    void hearsAServerThatTurnsClientsAway() throws Exception {
        ScriptedServer.Script script = connection -> {
            connection.out().write("-ERR max number of clients reached\r\n".getBytes(UTF_8));
            connection.awaitClose();
        };
        try (ScriptedServer server = ScriptedServer.start(script);
                HandshakeClient client = new HandshakeClient();
                HandshakeClient.Run<Void> run = run(client, server, null)) {
            assertEquals(
                    UNAVAILABLE,
                    assertInstanceOf(LoginException.class, run.failure()).kind());
        }
    }

    @Test
    void sendsThePasswordAloneWithoutAUser() throws Exception {
        assertSends(null, "*2\r\n$4\r\nAUTH\r\n$13\r\ns3cret-canary\r\n");
    }

    @Test
    void sendsUserAndPassword() throws Exception {
        assertSends("j\u00fcrgen", "*3\r\n$4\r\nAUTH\r\n$7\r\nj\u00fcrgen\r\n$13\r\ns3cret-canary\r\n");
    }

    private static void assertSends(String username, String expected) throws Exception {
        ScriptedServer.Script script = connection -> {
            RespClient.read(connection.in());
            connection.out().write("+OK\r\n".getBytes(UTF_8));
            connection.awaitClose();
        };
        try (ScriptedServer server = ScriptedServer.start(script);
                HandshakeClient client = new HandshakeClient();
                HandshakeClient.Run<Void> run = run(client, server, username)) {
            run.result();
            assertEquals(expected, new String(server.received(), UTF_8));
        }
    }

    @Test
    void wipesWhatItHasWritten() {
        AtomicReference<ByteBuf> written = new AtomicReference<>();
        AtomicReference<ChannelPromise> promise = new AtomicReference<>();
        EmbeddedChannel channel = new EmbeddedChannel(
                new ChannelOutboundHandlerAdapter() {
                    @Override
                    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise whenWritten) {
                        written.set((ByteBuf) message);
                        promise.set(whenWritten);
                    }
                },
                new RedisLoginHandler(ImmediateEventExecutor.INSTANCE.newPromise(), new TestLogin("app", PASSWORD)));
        ByteBuf command = written.get();
        assertTrue(command.toString(UTF_8).contains(PASSWORD));
        assertEquals(command.writerIndex(), command.capacity(), "an exact size, so that nothing was copied in growing");

        promise.get().setSuccess();

        assertEquals(1, command.refCnt(), "the transport's reference is left");
        for (int i = 0; i < command.capacity(); i++) {
            assertEquals(0, command.getByte(i));
        }
        command.release();
        channel.finishAndReleaseAll();
    }

    @Test
    void wipesWhatItCouldNotWrite() {
        AtomicReference<ByteBuf> written = new AtomicReference<>();
        EmbeddedChannel channel = new EmbeddedChannel(
                new ChannelOutboundHandlerAdapter() {
                    @Override
                    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise whenWritten) {
                        written.set(((ByteBuf) message));
                        whenWritten.setFailure(new IOException("broken pipe"));
                    }
                },
                new RedisLoginHandler(ImmediateEventExecutor.INSTANCE.newPromise(), new TestLogin(null, PASSWORD)));
        assertFalse(written.get().toString(UTF_8).contains(PASSWORD));
        written.get().release();
        assertEquals(0, written.get().refCnt());
        channel.finishAndReleaseAll();
    }

    private static HandshakeClient.Run<Void> run(HandshakeClient client, ScriptedServer server, String username) {
        TestLogin login = new TestLogin(username, PASSWORD);
        return client.run(server.address(), null, HandshakeClient.WHOLE, ready -> new RedisLoginHandler(ready, login));
    }
}
