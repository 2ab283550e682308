package io.ambassador.auth.postgresql;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.service.Credentials;
import io.ambassador.service.Role;
import io.ambassador.service.ServiceStatus;
import io.ambassador.service.ServiceStatus.Health;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.ServerRole;
import io.ambassador.testkit.PostgresServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A primary and its hot standby, and which of them a service's clients get. */
class PostgresRoleIT {
    @TempDir
    Path directory;

    @Test
    void clientsFollowTheWantedRole() throws Exception {
        Credentials credentials = Front.credentials(directory);
        try (PostgresServer primary = Front.server().start();
                PostgresServer standby =
                        PostgresServer.builder().standbyOf(primary).start();
                Ambassador writing = front(credentials, Role.PRIMARY, primary, standby);
                Ambassador reading = front(credentials, Role.REPLICA, primary, standby)) {
            await().untilAsserted(() -> assertEquals(
                    Map.of(primary.port(), ServerRole.PRIMARY, standby.port(), ServerRole.REPLICA), roles(writing)));
            for (int i = 0; i < 10; i++) {
                assertEquals(primary.port(), portOf(writing));
                assertEquals(standby.port(), portOf(reading));
            }

            try (Connection old = Front.jdbc(writing)) {
                primary.stop();
                await().until(() -> !old.isValid(5));
            }
            standby.promote();
            await().atMost(Duration.ofSeconds(20)).ignoreExceptions().until(() -> portOf(writing) == standby.port());
            assertEquals(
                    "1", Program.psql(writing, "CREATE TABLE taken (n int); INSERT INTO taken VALUES (1) RETURNING n"));
            await().untilAsserted(
                            () -> assertEquals(Map.of(standby.port(), ServerRole.PRIMARY), healthyRoles(writing)));
        }
    }

    /** What a server was when it was last probed is not what it is: the login itself tells. */
    @Test
    void aServerThatHasBecomeAStandbySinceItWasProbedServesNobodyWhoWrites() throws Exception {
        Credentials credentials = Front.credentials(directory);
        try (PostgresServer server = Front.server().start();
                Ambassador ambassador =
                        Front.of(service -> service.credentials(credentials).role(Role.PRIMARY), server.port())) {
            await().untilAsserted(() -> assertEquals(server.port(), portOf(ambassador)));
            server.stop();
            server.demote();
            server.start();
            SQLException refused = assertThrows(SQLException.class, () -> portOf(ambassador));
            assertTrue(refused.getMessage().startsWith("FATAL: ambassador: "), refused.getMessage());
        }
    }

    @Test
    void theProbeLogsInAndTellsWhatItFound() throws Exception {
        Credentials wrong = Front.credentials(directory, "wrong");
        try (PostgresServer server = Front.server().start();
                Ambassador ambassador =
                        Front.of(service -> service.credentials(wrong).health(Front.eager()), server.port())) {
            await().untilAsserted(() -> {
                ServiceStatus.EndpointStatus status =
                        ambassador.services().get(0).endpoints().get(0);
                assertEquals(Health.UNHEALTHY, status.health());
                assertTrue(String.valueOf(status.lastError()).contains("refused"), status.lastError());
            });
        }
    }

    private static Ambassador front(Credentials credentials, Role role, PostgresServer... servers) throws Exception {
        return Front.of(
                service -> service.credentials(credentials).role(role).health(Front.eager()),
                servers[0].port(),
                servers[1].port());
    }

    private static int portOf(Ambassador ambassador) throws SQLException {
        try (Connection connection = Front.jdbc(ambassador);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT inet_server_port()")) {
            assertTrue(rows.next());
            return rows.getInt(1);
        }
    }

    private static Map<Integer, ServerRole> roles(Ambassador ambassador) {
        Map<Integer, ServerRole> roles = new TreeMap<>();
        ambassador.services().get(0).endpoints().forEach(status -> roles.put(port(status.endpoint()), status.role()));
        return roles;
    }

    private static Map<Integer, ServerRole> healthyRoles(Ambassador ambassador) {
        Map<Integer, ServerRole> roles = new TreeMap<>();
        ambassador.services().get(0).endpoints().stream()
                .filter(status -> status.health() == Health.HEALTHY)
                .forEach(status -> roles.put(port(status.endpoint()), status.role()));
        return roles;
    }

    private static int port(Endpoint endpoint) {
        return endpoint.port();
    }
}
