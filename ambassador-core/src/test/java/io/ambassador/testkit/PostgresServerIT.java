package io.ambassador.testkit;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.testkit.PostgresServer.Method;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What tests rely on. */
class PostgresServerIT {
    private static final Map<Method, Integer> CHALLENGES =
            Map.of(Method.TRUST, 0, Method.PASSWORD, 3, Method.MD5, 5, Method.SCRAM, 10);

    @ParameterizedTest
    @EnumSource
    void asksAsItIsTold(Method method) {
        try (PostgresServer server = PostgresServer.withUser(method, "app", "secret");
                PgClient client = PgClient.connect(server.address())) {
            client.send(PgClient.startup("user", "app", "database", "postgres"));
            PgClient.Message asked = client.read();
            assertEquals('R', asked.type());
            assertEquals(CHALLENGES.get(method), asked.number(0));
        }
    }

    @Test
    void aStandbyFollowsUntilItIsPromoted() {
        try (PostgresServer primary = PostgresServer.builder().database("shop").start();
                PostgresServer standby =
                        PostgresServer.builder().standbyOf(primary).start()) {
            assertEquals("f", primary.sql("SELECT pg_is_in_recovery()"));
            assertEquals("t", standby.sql("SELECT pg_is_in_recovery()"));
            primary.sql("shop", "CREATE TABLE t AS SELECT 7 AS n");
            await().ignoreExceptions().untilAsserted(() -> assertEquals("7", standby.sql("shop", "SELECT n FROM t")));
            assertThrows(IllegalStateException.class, () -> standby.sql("shop", "DELETE FROM t"));
            primary.stop();
            assertFalse(Ports.accepts(primary.port()));
            standby.promote();
            standby.sql("shop", "DELETE FROM t");
            primary.start();
            assertEquals("7", primary.sql("shop", "SELECT n FROM t"));
        }
    }

    @Test
    void aPausedServerAcceptsAndIsSilentAndAKilledOneComesBack() {
        try (PostgresServer server = PostgresServer.builder().start()) {
            server.pause();
            assertTrue(Ports.accepts(server.port()));
            server.resume();
            assertEquals("1", server.sql("SELECT 1"));
            server.sql("CREATE TABLE committed AS SELECT 7 AS n");
            server.kill();
            assertFalse(Ports.accepts(server.port()));
            server.start();
            assertEquals("7", server.sql("SELECT n FROM committed"));
            assertTrue(server.logged("database system was not properly shut down") > 0, server.output());
        }
    }

    @Test
    void aStandbyThatServesNobodySaysThatItCannotYet() {
        try (PostgresServer primary = PostgresServer.builder().start();
                PostgresServer cold = PostgresServer.builder()
                        .standbyOf(primary)
                        .setting("hot_standby", "off")
                        .start();
                PgClient client = PgClient.connect(cold.address())) {
            client.send(PgClient.startup("user", "postgres"));
            assertEquals("57P03", client.read().field('C'));
        }
    }
}
