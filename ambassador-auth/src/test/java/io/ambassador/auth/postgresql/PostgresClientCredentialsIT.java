package io.ambassador.auth.postgresql;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ambassador.Ambassador;
import io.ambassador.service.ClientCredentials;
import io.ambassador.service.Credentials;
import io.ambassador.testkit.PostgresServer;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What clients show of credentials, in front of a real PostgreSQL. */
class PostgresClientCredentialsIT {
    private static final String SHOWN = "client-shown";

    @TempDir
    static Path directory;

    private static PostgresServer server;

    @BeforeAll
    static void start() {
        server = Front.server().start();
    }

    /** The server has refused no login, hence has been shown no password but the ambassador's. */
    @AfterAll
    static void stop() {
        try {
            assertEquals(0, server.logged("authentication failed"), server.output());
            assertEquals(0, server.logged(SHOWN), server.output());
        } finally {
            server.close();
        }
    }

    private static Ambassador serve(ClientCredentials wanted) throws Exception {
        Credentials credentials = Front.credentials(directory);
        return Front.of(service -> service.credentials(credentials).clientCredentials(wanted), server.port());
    }

    private static String psql(Ambassador ambassador, String user, String password) throws Exception {
        Program psql = Program.start(
                ambassador, Map.of("PGUSER", user, "PGPASSWORD", password), Program.psqlLine("SELECT current_user"));
        String said = psql.output();
        assertFalse(said.contains(SHOWN), said);
        assertEquals(said.equals(Front.USER), psql.exit() == 0, said);
        return said;
    }

    private static boolean isServed(Ambassador ambassador, String user, String password) throws Exception {
        return psql(ambassador, user, password).equals(Front.USER);
    }

    @Test
    void noneAreAskedForUnlessTheyAreVerified() throws Exception {
        for (ClientCredentials wanted :
                new ClientCredentials[] {ClientCredentials.ACCEPT_ANY, ClientCredentials.REJECT}) {
            try (Ambassador ambassador = serve(wanted)) {
                assertEquals(Front.USER, Program.psql(ambassador, "SELECT current_user"));
                assertEquals(Front.USER, psql(ambassador, "alice", SHOWN));
            }
        }
    }

    @Test
    void verifiedCredentialsFollowTheirFile() throws Exception {
        Path file = directory.resolve("door");
        Front.write(file, SHOWN + "\n");
        try (Ambassador ambassador = serve(ClientCredentials.verify(
                "alice", Credentials.file("alice", file).password()))) {
            await().until(() -> isServed(ambassador, "alice", SHOWN));
            assertFalse(isServed(ambassador, "alice", "wrong"));
            assertFalse(isServed(ambassador, "bob", SHOWN));
            Program.fail(ambassador, Program.psqlLine("SELECT 1"));

            Properties alice = new Properties();
            alice.setProperty("user", "alice");
            alice.setProperty("password", SHOWN);
            Front.jdbc(ambassador, alice).close();
            alice.setProperty("password", "wrong");
            assertThrows(SQLException.class, () -> Front.jdbc(ambassador, alice).close());

            Front.write(file, "gate\n");
            await().atMost(Duration.ofSeconds(30)).until(() -> isServed(ambassador, "alice", "gate"));
            assertFalse(isServed(ambassador, "alice", SHOWN));
        }
    }
}
