package io.ambassador.auth.postgresql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.service.ClientCredentials;
import io.ambassador.service.Credentials;
import io.ambassador.testkit.PgClient;
import io.ambassador.testkit.PostgresServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What of a client's opening reaches the server, and what the ambassador keeps for itself. */
class PostgresStartupIT {
    @TempDir
    static Path directory;

    private static PostgresServer server;
    private static Ambassador ambassador;

    @BeforeAll
    static void start() throws Exception {
        server = Front.server().database("other").start();
        ambassador = front(Map.of());
    }

    private static Ambassador front(Map<String, ?> settings) throws Exception {
        Credentials credentials = Front.credentials(directory);
        return Front.of(service -> service.protocol("postgresql", settings).credentials(credentials), server.port());
    }

    @AfterAll
    static void stop() {
        ambassador.close();
        server.close();
    }

    @Test
    void optionsAreRefusedUnlessTheyAreAllowed() throws Exception {
        Map<String, String> options = Map.of("PGOPTIONS", "-c search_path=pg_catalog");
        Program psql = Program.start(ambassador, options, Program.psqlLine("SHOW search_path"));
        String said = psql.output();
        assertEquals(2, psql.exit(), said);
        assertTrue(said.contains("FATAL:  ambassador: ") && said.contains("options"), said);
        try (Ambassador allowing = front(Map.of("startup-parameters", List.of("options")))) {
            assertEquals("pg_catalog", Program.run(allowing, options, Program.psqlLine("SHOW search_path")));
        }
    }

    /** A stream of everything that is written would be more than the user's own rights to look at tables. */
    @Test
    void aClientDoesNotGetAReplicationStream() {
        long before = server.logged("connection received");
        for (String parameter : List.of("replication", "search_path", "role", "REPLICATION")) {
            try (PgClient client = PgClient.connect(ambassador.address(Front.SERVICE))) {
                client.send(
                        PgClient.startup("user", Front.CLIENT_USER, "database", Front.DATABASE, parameter, "database"));
                PgClient.Message error = client.read();
                assertEquals("42501", error.field('C'), error.toString());
                assertTrue(client.isClosedByServer());
            }
        }
        assertEquals(before, server.logged("connection received"));
    }

    /** A server would take its user's name for the database's. */
    @Test
    void withoutADatabaseTheClientsOwnNameIsItsDatabase() {
        try (PgClient client = PgClient.connect(ambassador.address(Front.SERVICE))) {
            client.send(PgClient.startup("user", "other"));
            client.readTo('Z');
            client.send(PgClient.query("SELECT current_user || ' in ' || current_database()"));
            assertEquals(
                    "app in other",
                    client.readTo('Z').stream()
                            .filter(message -> message.type() == 'D')
                            .findFirst()
                            .orElseThrow()
                            .value());
        }
    }

    @Test
    void aServicesDatabaseIsEveryClients() throws Exception {
        try (Ambassador one = front(Map.of("database", "other"))) {
            assertEquals("other", Program.psql(one, "SELECT current_database()"));
        }
    }

    @Test
    void anUnknownSettingIsTheServersOwnError() {
        try (PgClient client = PgClient.connect(ambassador.address(Front.SERVICE))) {
            client.send(PgClient.startup(
                    "user", Front.CLIENT_USER, "database", Front.DATABASE, "client_encoding", "KLINGON"));
            PgClient.Message error = last(client.readTo('Z'));
            assertEquals("22023", error.field('C'), error.toString());
            assertTrue(error.field('M').contains("KLINGON"), error.toString());
        }
    }

    /** The server, which speaks 3.0, says so to a client that asks for more. */
    @Test
    void anyVersionOfProtocolThreeIsNegotiatedWithTheServer() throws Exception {
        Properties properties = new Properties();
        properties.setProperty("protocolVersion", "3.2");
        try (Connection connection = Front.jdbc(ambassador, properties);
                Statement statement = connection.createStatement()) {
            assertTrue(statement.execute("SELECT 1"));
        }
    }

    @Test
    void clientsShowAPasswordOfTheirOwnWhereTheyMust() throws Exception {
        Credentials credentials = Front.credentials(directory);
        Path file = directory.resolve("clients-password");
        Front.write(file, "for clients");
        ClientCredentials wanted = ClientCredentials.verify(
                "billing", Credentials.file("billing", file).password());
        try (Ambassador asking =
                Front.of(service -> service.credentials(credentials).clientCredentials(wanted), server.port())) {
            Map<String, String> right = Map.of("PGUSER", "billing", "PGPASSWORD", "for clients");
            assertEquals("app", Program.run(asking, right, asked("SELECT current_user")));
            for (Map<String, String> wrong : List.of(
                    Map.of("PGUSER", "billing", "PGPASSWORD", "wrong"),
                    Map.of("PGUSER", "somebody", "PGPASSWORD", "for clients"))) {
                long before = server.logged("connection authorized: user=app");
                Program psql = Program.start(asking, wrong, asked("SELECT 1"));
                String said = psql.output();
                assertEquals(2, psql.exit(), said);
                assertTrue(said.contains("FATAL:  ambassador: "), said);
                assertFalse(said.contains("for clients"), said);
                assertEquals(before, server.logged("connection authorized: user=app"));
            }
            Properties properties = new Properties();
            properties.setProperty("user", "billing");
            properties.setProperty("password", "for clients");
            Front.jdbc(asking, properties).close();
            properties.setProperty("password", "wrong");
            SQLException refused = assertThrows(
                    SQLException.class, () -> Front.jdbc(asking, properties).close());
            assertEquals("28P01", refused.getSQLState());
        }
    }

    /** As {@link Program#psqlLine}, but a password may be asked for. */
    private static String[] asked(String sql) {
        return new String[] {"psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--command", sql};
    }

    @Test
    void withoutCredentialsTheClientsOwnLoginGoesThrough() throws Exception {
        try (Ambassador relaying = Front.of(service -> {}, server.port())) {
            Properties properties = new Properties();
            properties.setProperty("user", Front.USER);
            properties.setProperty("password", Front.PASSWORD);
            try (Connection connection = Front.jdbc(relaying, properties);
                    Statement statement = connection.createStatement()) {
                statement.setQueryTimeout(1);
                SQLException late = assertThrows(SQLException.class, () -> statement.execute("SELECT pg_sleep(40)"));
                assertEquals("57014", late.getSQLState());
            }
            properties.setProperty("password", "wrong");
            SQLException refused = assertThrows(
                    SQLException.class, () -> Front.jdbc(relaying, properties).close());
            assertEquals("28P01", refused.getSQLState());
        }
    }

    private static PgClient.Message last(List<PgClient.Message> messages) {
        return messages.get(messages.size() - 1);
    }
}
