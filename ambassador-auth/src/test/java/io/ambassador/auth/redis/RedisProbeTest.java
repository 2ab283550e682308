package io.ambassador.auth.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.protocol.ProbeProvider;
import io.ambassador.spi.protocol.ProbeResult;
import io.ambassador.spi.protocol.ServerRole;
import io.ambassador.testkit.HandshakeClient;
import io.ambassador.testkit.ProbeContract;
import io.ambassador.testkit.RespClient;
import io.ambassador.testkit.ScriptedServer;
import io.ambassador.testkit.TestLogin;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RedisProbeTest extends ProbeContract {
    private static final String MASTER =
            "*3\r\n$6\r\nmaster\r\n:3129659\r\n*1\r\n*3\r\n$9\r\n127.0.0.1\r\n" + "$4\r\n9001\r\n$7\r\n3129242\r\n";

    @Override
    protected ProbeProvider<?> provider() {
        return new RedisProbeProvider();
    }

    @Override
    protected void answer(ScriptedServer.Connection connection) throws IOException {
        answer(connection, "+PONG", MASTER);
    }

    private static void answer(ScriptedServer.Connection connection, String ping, String role) throws IOException {
        RespClient.read(connection.in());
        RespClient.read(connection.in());
        connection.out().write((ping + "\r\n" + role).getBytes(UTF_8));
    }

    @ParameterizedTest
    @CsvSource({
        "connected, true, replica",
        "connect, false, replica whose link to its primary is \"connect\"",
        "sync, false, replica whose link to its primary is \"sync\"",
        "garbage, false, replica without a link to its primary"
    })
    void aReplicaIsHealthyWhileItFollows(String link, boolean healthy, String detail) throws Exception {
        String role = "*5\r\n$5\r\nslave\r\n$9\r\n127.0.0.1\r\n:9000\r\n$" + link.length() + "\r\n" + link
                + "\r\n:3167038\r\n";
        assertEquals(new ProbeResult(healthy, ServerRole.REPLICA, detail), probe("+PONG", role));
    }

    @ParameterizedTest
    @CsvSource({
        "-LOADING Redis is loading the dataset in memory, answers PING with LOADING",
        "-MASTERDOWN Link with MASTER is down, answers PING with MASTERDOWN",
        "-ERR max number of clients reached, answers PING with ERR",
        "-SECRETS you would not want to see, answers PING with unknown error"
    })
    void aServerThatRefusesPingIsUnhealthy(String ping, String detail) throws Exception {
        assertEquals(ProbeResult.unhealthy(detail), probe(ping, MASTER));
    }

    @Test
    void aServerThatAsksForAPasswordIsUp() throws Exception {
        ProbeResult result = probe("-NOAUTH Authentication required.", "-NOAUTH Authentication required.\r\n");
        assertEquals(
                ProbeResult.healthy(ServerRole.UNKNOWN, "up; asks for a password, so its role is unknown"), result);
    }

    @ParameterizedTest
    @CsvSource({"-NOPERM this user has no permissions, NOPERM", "-ERR unknown command 'ROLE', ERR"})
    void aServerThatDoesNotTellItsRoleIsUp(String role, String code) throws Exception {
        assertEquals(
                ProbeResult.healthy(ServerRole.UNKNOWN, "up; ROLE answers " + code), probe("+PONG", role + "\r\n"));
    }

    @Test
    void whoMayNotPingMayTellItsRole() throws Exception {
        assertEquals(ProbeResult.healthy(ServerRole.PRIMARY, "primary"), probe("-NOPERM no ping for you", MASTER));
    }

    @Test
    void asksNothingBeforeItIsLoggedIn() throws Exception {
        ScriptedServer.Script refuses = connection -> {
            RespClient.read(connection.in());
            connection.out().write("-WRONGPASS no\r\n".getBytes(UTF_8));
            connection.awaitClose();
        };
        try (ScriptedServer server = ScriptedServer.start(refuses);
                HandshakeClient client = new HandshakeClient();
                HandshakeClient.Run<ProbeResult> run = client.run(
                        server.address(),
                        null,
                        HandshakeClient.WHOLE,
                        result -> new RedisProbeHandler(result, new TestLogin(null, "pw")))) {
            LoginException failure = assertInstanceOf(LoginException.class, run.failure());
            assertEquals(LoginException.Kind.REFUSED, failure.kind());
            assertEquals(new String(RespClient.encode("AUTH", "pw"), UTF_8), new String(server.received(), UTF_8));
            await().until(() -> !run.channel().isOpen());
        }
    }

    private static ProbeResult probe(String ping, String role) throws Exception {
        ScriptedServer.Script script = connection -> {
            answer(connection, ping, role);
            connection.awaitClose();
        };
        try (ScriptedServer server = ScriptedServer.start(script);
                HandshakeClient client = new HandshakeClient();
                HandshakeClient.Run<ProbeResult> run = client.run(
                        server.address(), null, HandshakeClient.WHOLE, result -> new RedisProbeHandler(result, null))) {
            return run.result();
        }
    }
}
