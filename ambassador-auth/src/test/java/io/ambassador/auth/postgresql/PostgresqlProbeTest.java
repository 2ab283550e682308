package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.protocol.ProbeProvider;
import io.ambassador.spi.protocol.ProbeResult;
import io.ambassador.spi.protocol.ServerRole;
import io.ambassador.testkit.HandshakeClient;
import io.ambassador.testkit.ProbeContract;
import io.ambassador.testkit.ScriptedServer;
import io.ambassador.testkit.TestLogin;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PostgresqlProbeTest extends ProbeContract {
    @Override
    protected ProbeProvider<?> provider() {
        return new PostgresqlProbeProvider();
    }

    @Override
    protected void answer(ScriptedServer.Connection connection) throws IOException {
        connection.in().readNBytes(8);
        connection.out().write('N');
    }

    @ParameterizedTest
    @CsvSource({
        "off, off, PRIMARY, primary",
        "on, off, REPLICA, 'replica, or read-only'",
        "off, on, REPLICA, 'replica, or read-only'"
    })
    void theLoginTellsTheRole(String standby, String readOnly, ServerRole role, String detail) throws Exception {
        assertEquals(
                ProbeResult.healthy(role, detail),
                probe(backend -> backend.say(
                        Backend.OK,
                        Backend.status("in_hot_standby", standby),
                        Backend.status("default_transaction_read_only", readOnly),
                        Backend.READY)));
    }

    @ParameterizedTest
    @CsvSource({"off, PRIMARY", "on, REPLICA", "perhaps, UNKNOWN"})
    void anOlderServerIsAskedForIt(String readOnly, ServerRole role) throws Exception {
        byte[] value = readOnly.getBytes(UTF_8);
        byte[] row = new byte[6 + value.length];
        row[1] = 1;
        row[5] = (byte) value.length;
        System.arraycopy(value, 0, row, 6, value.length);
        ProbeResult result = probe(backend -> {
            backend.say(Backend.OK, Backend.READY);
            backend.query();
            backend.say(
                    Backend.message('T', new byte[2]),
                    Backend.message('D', row),
                    Backend.message('C', Backend.text("SHOW")),
                    Backend.READY);
        });
        assertTrue(result.healthy());
        assertEquals(role, result.role());
    }

    @Test
    void aServerThatLacksTheDatabaseIsUp() throws Exception {
        assertEquals(
                ProbeResult.healthy(ServerRole.UNKNOWN, "up; declines the probe's session (3D000)"),
                probe(backend -> backend.say(Backend.OK, Backend.error("3D000"))));
    }

    private interface Script {
        void play(Backend backend) throws IOException;
    }

    private static ProbeResult probe(Script script) throws Exception {
        try (ScriptedServer server = ScriptedServer.start(connection -> {
                    Backend backend = new Backend(connection);
                    assertEquals("postgres", backend.startup().replaceAll("(?s).*\0database\0(.*?)\0.*", "$1"));
                    script.play(backend);
                    connection.awaitClose();
                });
                HandshakeClient client = new HandshakeClient();
                HandshakeClient.Run<ProbeResult> run = run(client, server)) {
            ProbeResult result = run.result();
            if (!result.detail().startsWith("up; declines")) {
                run.channel().close();
                await().untilAsserted(() ->
                        assertTrue(new String(server.received(), ISO_8859_1).endsWith("X\0\0\0\4"), "takes its leave"));
            }
            return result;
        }
    }

    private static HandshakeClient.Run<ProbeResult> run(HandshakeClient client, ScriptedServer server) {
        LoginMeans means = new LoginMeans(LoginRules.DEFAULT, new ScramKeyCache());
        return client.run(
                server.address(),
                null,
                HandshakeClient.WHOLE,
                result -> new ProbeLogin(result, new TestLogin("app", "pw"), means, "postgres"));
    }

    @Test
    void aRefusedLoginIsUnhealthy() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(connection -> {
                    Backend backend = new Backend(connection);
                    backend.startup();
                    backend.say(Backend.error("28P01"));
                    connection.awaitClose();
                });
                HandshakeClient client = new HandshakeClient();
                HandshakeClient.Run<ProbeResult> run = run(client, server)) {
            assertEquals(
                    LoginException.Kind.REFUSED,
                    assertInstanceOf(LoginException.class, run.failure()).kind());
        }
    }
}
