package io.ambassador.auth.redis;

import static io.ambassador.spi.protocol.LoginException.Kind.REFUSED;
import static io.ambassador.spi.protocol.LoginException.Kind.UNAVAILABLE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.protocol.LoginException;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.HandshakeClient;
import io.ambassador.testkit.RedisServer;
import io.ambassador.testkit.RespClient;
import io.ambassador.testkit.TestLogin;
import io.netty.buffer.Unpooled;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The login alone, against real servers. */
class RedisLoginIT {
    private static final String PASSWORD = "p\u00e4ss w\"ord' # s3cret";

    private final HandshakeClient client = new HandshakeClient();

    @AfterEach
    void closeClient() {
        client.close();
    }

    @Test
    void aPasswordLogsInAsTheDefaultUser() throws Exception {
        try (RedisServer redis = RedisServer.withPassword(PASSWORD)) {
            assertEquals("default", whoAmI(redis, null, null, PASSWORD));
            assertEquals("default", whoAmI(redis, null, "default", PASSWORD));
        }
    }

    @Test
    void anAclUserLogsIn() throws Exception {
        try (RedisServer redis =
                RedisServer.builder().defaultUserOff().user("app", PASSWORD).start()) {
            assertEquals("app", whoAmI(redis, null, "app", PASSWORD));
        }
    }

    @Test
    void logsInOverTls(@TempDir Path directory) throws Exception {
        Certificates certificates = Certificates.in(directory);
        SslContext trusting = SslContextBuilder.forClient()
                .trustManager(certificates.ca().toFile())
                .endpointIdentificationAlgorithm("HTTPS")
                .build();
        try (RedisServer redis = RedisServer.builder()
                .password(PASSWORD)
                .tls(certificates.server("localhost"))
                .start()) {
            assertEquals("default", whoAmI(redis, trusting, null, PASSWORD));
        }
        try (RedisServer redis = RedisServer.builder()
                        .password(PASSWORD)
                        .tls(certificates.server("elsewhere.example"))
                        .start();
                HandshakeClient.Run<Void> run = login(redis, trusting, null, PASSWORD)) {
            assertTrue(run.failure() != null, "logged in at a server with another's name");
        }
    }

    @Test
    void wrongPasswordUnknownUserAndDisabledUserAreRefused() throws Exception {
        try (RedisServer redis = RedisServer.builder()
                .password(PASSWORD)
                .setting("user", "gone off >" + "pw")
                .start()) {
            for (TestLogin login : List.of(
                    new TestLogin(null, "wrong"), new TestLogin("nobody", PASSWORD), new TestLogin("gone", "pw"))) {
                try (HandshakeClient.Run<Void> run = login(redis, null, login)) {
                    LoginException failure = assertInstanceOf(LoginException.class, run.failure());
                    assertEquals(REFUSED, failure.kind());
                    assertEquals(
                            "The server refused the credentials: wrong password, or an unknown or disabled user.",
                            failure.getMessage());
                    await().until(() -> !run.channel().isOpen());
                }
            }
        }
    }

    @Test
    void aServerWithoutAPasswordIsToldApart() throws Exception {
        try (RedisServer redis = RedisServer.start();
                HandshakeClient.Run<Void> run = login(redis, null, null, PASSWORD)) {
            LoginException failure = assertInstanceOf(LoginException.class, run.failure());
            assertEquals(REFUSED, failure.kind());
            assertTrue(failure.getMessage().startsWith("The server has no password"), failure.getMessage());
        }
    }

    /** Redis says +OK to any password for a user that has {@code nopass}; only the nameless AUTH tells. */
    @Test
    void aNamedUserWithoutAPasswordIsNotToldApart() throws Exception {
        try (RedisServer redis = RedisServer.start()) {
            assertEquals("default", whoAmI(redis, null, "default", PASSWORD));
        }
    }

    @Test
    void aServerAtItsLimitOfClientsIsUnavailable() throws Exception {
        try (RedisServer redis = RedisServer.builder()
                .password(PASSWORD)
                .setting("maxclients", "4")
                .start()) {
            List<RespClient> clients = new ArrayList<>();
            try {
                for (int i = 0; i < 3; i++) { // the fourth is the administrator
                    RespClient connected = RespClient.connect(redis.address());
                    connected.command("AUTH", PASSWORD);
                    clients.add(connected);
                }
                try (HandshakeClient.Run<Void> run = login(redis, null, null, PASSWORD)) {
                    LoginException failure = assertInstanceOf(LoginException.class, run.failure());
                    assertEquals(UNAVAILABLE, failure.kind());
                }
            } finally {
                clients.forEach(RespClient::close);
            }
        }
    }

    @Test
    void aServerKilledInTheHandshakeIsUnavailable() throws Exception {
        try (RedisServer redis = RedisServer.withPassword(PASSWORD)) {
            redis.pause();
            try (HandshakeClient.Run<Void> run = login(redis, null, null, PASSWORD)) {
                redis.kill();
                assertTrue(run.failure() != null, "logged in at a dead server");
                await().until(() -> !run.channel().isOpen());
            }
        }
    }

    private String whoAmI(RedisServer redis, SslContext tls, String username, String password) throws Exception {
        try (HandshakeClient.Run<Void> run = login(redis, tls, username, password)) {
            run.result();
            run.channel().writeAndFlush(Unpooled.wrappedBuffer(RespClient.encode("ACL", "WHOAMI")));
            await().until(() -> new String(run.leftovers(), UTF_8).matches("(?s)\\$.*\r\n.*\r\n"));
            return new String(run.leftovers(), UTF_8).split("\r\n")[1];
        }
    }

    private HandshakeClient.Run<Void> login(RedisServer redis, SslContext tls, String username, String password) {
        return login(redis, tls, new TestLogin(username, password));
    }

    private HandshakeClient.Run<Void> login(RedisServer redis, SslContext tls, TestLogin login) {
        return client.run(redis.address(), tls, HandshakeClient.WHOLE, ready -> new RedisLoginHandler(ready, login));
    }
}
