package io.ambassador.auth.postgresql;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.service.Credentials;
import io.ambassador.service.LimitsSpec;
import io.ambassador.testkit.PgClient;
import io.ambassador.testkit.Ports;
import io.ambassador.testkit.PostgresServer;
import io.ambassador.testkit.PostgresServer.Method;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a client that cannot be served reads: an error of PostgreSQL's, with nothing of the server's in it. */
class PostgresFailureIT {
    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(
            value = Method.class,
            names = {"SCRAM", "MD5", "PASSWORD"})
    void aWrongPasswordIsRefusedInTheAmbassadorsOwnWords(Method method) throws Exception {
        Credentials credentials = Front.credentials(directory, "wrong");
        try (PostgresServer server = PostgresServer.builder()
                        .method(method)
                        .database(Front.DATABASE)
                        .user(Front.USER, Front.PASSWORD)
                        .start();
                Ambassador ambassador =
                        Front.of(service -> service.credentials(credentials).health(Front.unprobed()), server.port())) {
            PgClient.Message error = refusal(ambassador);
            assertRefusal("08004", "the backend refused the credentials", error);
            assertFalse(error.text().contains(Front.USER), error.toString());
            assertEquals(1, server.logged("password authentication failed for user \"app\""), server.output());

            String said = Program.fail(ambassador, Program.psqlLine("SELECT 1"));
            assertTrue(said.matches("(?s).*FATAL:  ambassador: .*\\(id [0-9a-f]{8}\\).*"), said);
            assertFalse(said.contains("password authentication failed"), said);
        }
    }

    @Test
    void aUserWhoIsNotThereOrMayNotComeFromHereIsRefused() throws Exception {
        try (PostgresServer server = Front.server()
                .user("expired", Front.PASSWORD, "VALID UNTIL '2001-01-01'")
                .rule("host all turned_away 127.0.0.1/32 reject")
                .start()) {
            Path file = directory.resolve("password");
            Front.write(file, Front.PASSWORD);
            for (String user : List.of("nobody_knows", "expired", "turned_away")) {
                Credentials credentials = Credentials.file(user, file);
                try (Ambassador ambassador =
                        Front.of(service -> service.credentials(credentials).health(Front.unprobed()), server.port())) {
                    PgClient.Message error = refusal(ambassador);
                    assertRefusal("08004", "the backend refused the credentials", error);
                    assertFalse(error.text().contains(user), error.toString());
                }
            }
        }
    }

    @Test
    void aServerThatIsDownCannotBeReached() throws Exception {
        Credentials credentials = Front.credentials(directory);
        try (Ambassador ambassador = Front.of(service -> service.credentials(credentials), Ports.free())) {
            assertRefusal("08001", "no endpoint could be reached", refusal(ambassador));
            SQLException error = assertThrows(
                    SQLException.class, () -> Front.jdbc(ambassador).close());
            assertEquals("08001", error.getSQLState());
        }
    }

    @Test
    void theAmbassadorsOwnLimitSaysThatThereAreTooMany() throws Exception {
        Credentials credentials = Front.credentials(directory);
        LimitsSpec one = new LimitsSpec(
                1,
                LimitsSpec.DEFAULT.connectAttempts(),
                LimitsSpec.DEFAULT.connectTimeout(),
                LimitsSpec.DEFAULT.loginTimeout(),
                null,
                null,
                LimitsSpec.DEFAULT.retryBudget(),
                null);
        try (PostgresServer server = Front.server().start();
                Ambassador ambassador =
                        Front.of(service -> service.credentials(credentials).limits(one), server.port())) {
            try (Connection only = Front.jdbc(ambassador)) {
                assertTrue(only.isValid(10));
                SQLException error = assertThrows(
                        SQLException.class, () -> Front.jdbc(ambassador).close());
                assertEquals("53300", error.getSQLState());
            }
            await().ignoreExceptions()
                    .until(() -> Program.psql(ambassador, "SELECT 1").equals("1"));
        }
    }

    @Test
    void aServerThatIsFullIsSaidToBe() throws Exception {
        Credentials credentials = Front.credentials(directory);
        try (PostgresServer server = Front.server()
                        .setting("max_connections", "5")
                        .setting("superuser_reserved_connections", "3")
                        .setting("max_wal_senders", "0")
                        .start();
                Ambassador ambassador =
                        Front.of(service -> service.credentials(credentials).health(Front.unprobed()), server.port())) {
            try (Connection first = Front.jdbc(ambassador);
                    Connection second = Front.jdbc(ambassador)) {
                assertTrue(first.isValid(10) && second.isValid(10));
                assertRefusal("53300", "the backend has too many connections", refusal(ambassador));
            }
        }
    }

    @Test
    void aServerThatIsFullOrStartingUpIsPassedOver() throws Exception {
        Credentials credentials = Front.credentials(directory);
        try (PostgresServer serving = Front.server().start();
                PostgresServer starting = PostgresServer.builder()
                        .standbyOf(serving)
                        .setting("hot_standby", "off") // answers as one that recovers: 57P03
                        .start();
                PostgresServer full = Front.server()
                        .setting("max_connections", "4")
                        .setting("superuser_reserved_connections", "3")
                        .setting("max_wal_senders", "0")
                        .start();
                Ambassador taking =
                        Front.of(service -> service.credentials(credentials).health(Front.unprobed()), full.port());
                Connection last = Front.jdbc(taking);
                Ambassador ambassador = Front.of(
                        service -> service.credentials(credentials).health(Front.unprobed()),
                        serving.port(),
                        starting.port(),
                        full.port())) {
            assertTrue(last.isValid(10));
            for (int i = 0; i < 6; i++) {
                assertEquals("1", Program.psql(ambassador, "SELECT 1"));
            }
            assertTrue(starting.logged("not accepting connections") > 0, starting.output());
            assertTrue(full.logged("remaining connection slots are reserved") > 0, full.output());
        }
    }

    @Test
    void aMissingSecretIsAClearErrorUntilItIsThere() throws Exception {
        Path file = directory.resolve("later");
        Credentials credentials = Credentials.file(Front.USER, file);
        try (PostgresServer server = Front.server().start();
                Ambassador ambassador = Front.of(service -> service.credentials(credentials), server.port())) {
            assertRefusal("57P03", "there is no secret to log in with", refusal(ambassador));
            Front.write(file, Front.PASSWORD);
            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertEquals("1", Program.psql(ambassador, "SELECT 1")));
        }
    }

    @Test
    void aRotatedPasswordIsUsedByTheNextConnectionWhileOldOnesLive() throws Exception {
        Credentials credentials = Front.credentials(directory);
        try (PostgresServer server = Front.server().start();
                Ambassador ambassador = Front.of(service -> service.credentials(credentials), server.port());
                Connection old = Front.jdbc(ambassador)) {
            server.sql("ALTER ROLE app PASSWORD 'rotated'");
            Front.credentials(directory, "rotated");
            assertEquals("1", Program.psql(ambassador, "SELECT 1"));
            assertTrue(old.isValid(10));
            assertEquals(2, ambassador.services().get(0).credentials().version());
        }
    }

    @Test
    void aServerThatAnswersNothingIsGivenUp() throws Exception {
        Credentials credentials = Front.credentials(directory);
        LimitsSpec hasty = new LimitsSpec(
                10,
                1,
                Duration.ofSeconds(1),
                Duration.ofMillis(500),
                null,
                null,
                LimitsSpec.DEFAULT.retryBudget(),
                null);
        try (PostgresServer server = Front.server().start();
                Ambassador ambassador = Front.of(
                        service -> service.credentials(credentials)
                                .health(Front.unprobed())
                                .limits(hasty),
                        server.port())) {
            server.pause();
            assertRefusal("57P03", "the login at the backend failed", refusal(ambassador));
            server.resume();
            assertEquals("1", Program.psql(ambassador, "SELECT 1"));
        }
    }

    @Test
    void aServerThatIsKilledEndsItsSessionsAndIsFoundAgain() throws Exception {
        Credentials credentials = Front.credentials(directory);
        try (PostgresServer server = Front.server().start();
                Ambassador ambassador =
                        Front.of(service -> service.credentials(credentials).health(Front.eager()), server.port());
                Connection session = Front.jdbc(ambassador)) {
            assertTrue(session.isValid(10));
            server.kill();
            await().until(() -> !session.isValid(5));
            assertEquals("08001", refusal(ambassador).field('C'));
            server.start();
            await().atMost(Duration.ofSeconds(20))
                    .ignoreExceptions()
                    .until(() -> Program.psql(ambassador, "SELECT 1").equals("1"));
        }
    }

    private static void assertRefusal(String state, String why, PgClient.Message error) {
        assertEquals('E', error.type());
        assertEquals("FATAL", error.field('S'));
        assertEquals("FATAL", error.field('V'));
        assertEquals(state, error.field('C'), error.toString());
        String message = error.field('M');
        assertTrue(
                message.matches("ambassador: " + why + "( |:|;|\\.).*\\(id [0-9a-f]{8}\\)|ambassador: " + why
                        + " \\(id [0-9a-f]{8}\\)"),
                message);
    }

    /** The first message after a startup, after which the connection is closed. */
    private static PgClient.Message refusal(Ambassador ambassador) {
        try (PgClient client = PgClient.connect(ambassador.address(Front.SERVICE))) {
            client.send(PgClient.startup("user", Front.CLIENT_USER, "database", Front.DATABASE));
            PgClient.Message error = client.read();
            assertTrue(client.isClosedByServer());
            return error;
        }
    }
}
