package io.ambassador.auth.postgresql;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.service.Credentials;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.PostgresServer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.copy.CopyManager;
import org.postgresql.largeobject.LargeObject;
import org.postgresql.largeobject.LargeObjectManager;

/** What sessions do once they are logged in, and what they asked for as they opened. */
class PostgresFeaturesIT {
    private static final int MEGABYTES = 10 << 20;

    @TempDir
    static Path directory;

    private static PostgresServer plainServer;
    private static PostgresServer tlsServer;
    private static Ambassador plain;
    private static Ambassador tls;

    @BeforeAll
    static void start() throws Exception {
        Certificates certificates = Certificates.in(directory);
        Credentials credentials = Front.credentials(directory);
        plainServer = Front.server().start();
        tlsServer = Front.server().tls(certificates.server(Front.NAME)).start();
        plain = Front.of(service -> service.credentials(credentials), plainServer.port());
        tls = Front.of(service -> service.credentials(credentials).tls(Front.trusting(certificates)), tlsServer.port());
    }

    @AfterAll
    static void stop() {
        plain.close();
        tls.close();
        plainServer.close();
        tlsServer.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void copiesTenMegabytesInAndOut(boolean encrypted) throws Exception {
        byte[] rows = rows();
        try (Connection connection = Front.jdbc(encrypted ? tls : plain);
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TEMPORARY TABLE cargo (line text)");
            CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
            copy.copyIn("COPY cargo FROM STDIN", new ByteArrayInputStream(rows));
            ByteArrayOutputStream back = new ByteArrayOutputStream();
            copy.copyOut("COPY cargo TO STDOUT", back);
            assertEquals(rows.length, back.size());
            assertArrayEquals(digest(rows), digest(back.toByteArray()));
        }
    }

    /** Lines of 64 characters that COPY need not escape. */
    private static byte[] rows() {
        byte[] rows = new byte[MEGABYTES];
        Random random = new Random(7);
        for (int i = 0; i < rows.length; i++) {
            rows[i] = (byte) (i % 64 == 63 ? '\n' : 'a' + random.nextInt(26));
        }
        return rows;
    }

    private static byte[] digest(byte[] bytes) throws Exception {
        return MessageDigest.getInstance("SHA-256").digest(bytes);
    }

    @Test
    void notificationsArriveAtAnIdleListener() throws Exception {
        try (Connection listener = Front.jdbc(plain);
                Statement listen = listener.createStatement();
                Connection speaker = Front.jdbc(plain);
                Statement notify = speaker.createStatement()) {
            listen.execute("LISTEN news");
            notify.execute("NOTIFY news, 'all well'");
            PGNotification[] heard = listener.unwrap(PGConnection.class).getNotifications(10_000);
            assertEquals(1, heard.length);
            assertEquals("all well", heard[0].getParameter());
            int pid = notifierPid(notify);
            assertEquals(pid, heard[0].getPID());
        }
    }

    private static int notifierPid(Statement statement) throws SQLException {
        try (ResultSet rows = statement.executeQuery("SELECT pg_backend_pid()")) {
            assertTrue(rows.next());
            return rows.getInt(1);
        }
    }

    @Test
    void cursorsFetchInPortions() throws Exception {
        try (Connection connection = Front.jdbc(plain);
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.setFetchSize(100);
            long sum = 0;
            try (ResultSet rows = statement.executeQuery("SELECT n FROM generate_series(1, 10000) n")) {
                while (rows.next()) {
                    sum += rows.getInt(1);
                }
            }
            assertEquals(50_005_000, sum);

            statement.execute("DECLARE numbers SCROLL CURSOR FOR SELECT n FROM generate_series(1, 10) n");
            assertEquals("3", value(statement, "FETCH ABSOLUTE 3 FROM numbers"));
            assertEquals("2", value(statement, "FETCH PRIOR FROM numbers"));
            connection.commit();
        }
    }

    @Test
    void largeObjectsAreWrittenAndRead() throws Exception {
        byte[] content = rows();
        try (Connection connection = Front.jdbc(plain)) {
            connection.setAutoCommit(false);
            LargeObjectManager manager = connection.unwrap(PGConnection.class).getLargeObjectAPI();
            long oid = manager.createLO();
            try (LargeObject object = manager.open(oid, LargeObjectManager.WRITE)) {
                object.write(content);
            }
            try (LargeObject object = manager.open(oid, LargeObjectManager.READ)) {
                assertArrayEquals(digest(content), digest(object.read(content.length + 1)));
            }
            manager.delete(oid);
            connection.commit();
        }
    }

    @Test
    void batchesSavepointsAndRollbacksKeepTheirOrder() throws Exception {
        try (Connection connection = Front.jdbc(plain);
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TEMPORARY TABLE t (n int PRIMARY KEY)");
            connection.setAutoCommit(false);
            insert(connection, 1, 500);
            Savepoint savepoint = connection.setSavepoint();
            SQLException duplicate =
                    assertThrows(BatchUpdateException.class, () -> insert(connection, 400, 600)); // one after the other
            assertEquals("23505", duplicate.getSQLState());
            SQLException aborted = assertThrows(SQLException.class, () -> value(statement, "SELECT 1"));
            assertEquals("25P02", aborted.getSQLState());
            connection.rollback(savepoint);
            insert(connection, 501, 600);
            connection.commit();
            insert(connection, 601, 700);
            connection.rollback();
            assertEquals("600", value(statement, "SELECT count(*) FROM t"));
        }
    }

    private static void insert(Connection connection, int from, int to) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO t VALUES (?)")) {
            for (int n = from; n <= to; n++) {
                insert.setInt(1, n);
                insert.addBatch();
            }
            insert.executeBatch();
        }
    }

    @Test
    void anErrorLeavesTheSessionUsable() throws Exception {
        try (Connection connection = Front.jdbc(plain);
                Statement statement = connection.createStatement()) {
            for (int i = 0; i < 5; i++) {
                SQLException wrong =
                        assertThrows(SQLException.class, () -> value(statement, "SELECT * FROM nothing_here"));
                assertEquals("42P01", wrong.getSQLState());
                assertEquals("1", value(statement, "SELECT 1"));
            }
            statement.execute("SET statement_timeout = 100");
            SQLException late = assertThrows(SQLException.class, () -> value(statement, "SELECT pg_sleep(30)"));
            assertEquals("57014", late.getSQLState());
            assertEquals("1", value(statement, "SELECT 1"));
        }
    }

    @Test
    void aSessionThatTheServerEndsSaysWhy() throws Exception {
        try (Connection connection = Front.jdbc(plain);
                Statement statement = connection.createStatement()) {
            int pid = notifierPid(statement);
            plainServer.sql("SELECT pg_terminate_backend(" + pid + ", 10000)");
            SQLException ended = assertThrows(SQLException.class, () -> value(statement, "SELECT 1"));
            assertEquals("57P01", ended.getSQLState());
        }
    }

    /** The server's own words: it has let the ambassador in, and nothing about that is secret. */
    @Test
    void aDatabaseThatIsNotThereIsTheServersOwnError() throws Exception {
        String said = Program.fail(plain, "psql", "--no-psqlrc", "--dbname=nowhere", "--command=SELECT 1");
        assertTrue(said.endsWith("FATAL:  database \"nowhere\" does not exist"), said);
        SQLException error = assertThrows(
                SQLException.class,
                () -> Front.jdbc(plain.address(Front.SERVICE).getPort(), Front.CLIENT_USER, "nowhere", new Properties())
                        .close());
        assertEquals("3D000", error.getSQLState());
        assertEquals("1", Program.psql(plain, "SELECT 1"), "counted against the endpoint");
    }

    @Test
    void theServerKnowsTheApplicationsName() throws Exception {
        Properties properties = new Properties();
        properties.setProperty("ApplicationName", "billing \u00fc");
        try (Connection connection = Front.jdbc(plain, properties);
                Statement statement = connection.createStatement()) {
            String query = "SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid()";
            String direct = plainServer.sql("SET application_name = 'billing \u00fc'; " + query);
            assertEquals(direct, value(statement, query));
        }
        assertEquals(
                "nightly",
                Program.run(plain, Map.of("PGAPPNAME", "nightly"), Program.psqlLine("SHOW application_name")));
    }

    @Test
    void encodingDateStyleAndTimeZoneAreTheClients() throws Exception {
        String said = Program.run(
                plain,
                Map.of("PGCLIENTENCODING", "LATIN1", "PGDATESTYLE", "German", "PGTZ", "Asia/Tokyo"),
                Program.psqlLine("SELECT current_setting('client_encoding'), current_setting('DateStyle'),"
                        + " current_setting('TimeZone')"));
        assertEquals("LATIN1|German, DMY|Asia/Tokyo", said);
    }

    @Test
    void theServersReportsReachTheDriver() throws Exception {
        try (Connection connection = Front.jdbc(plain)) {
            Map<String, String> parameters =
                    connection.unwrap(PGConnection.class).getParameterStatuses();
            assertEquals("off", parameters.get("in_hot_standby"));
            assertEquals(Front.USER, parameters.get("session_authorization"));
            assertEquals(
                    plainServer.sql("SHOW server_version"),
                    connection.getMetaData().getDatabaseProductVersion());
            assertFalse(connection.isReadOnly());
        }
    }

    @Test
    void manySessionsAreServedAtATime() throws Exception {
        Connection[] connections = new Connection[90];
        try {
            for (int i = 0; i < connections.length; i++) {
                connections[i] = Front.jdbc(plain);
            }
            for (Connection connection : connections) {
                assertTrue(connection.isValid(10));
            }
        } finally {
            for (Connection connection : connections) {
                if (connection != null) {
                    connection.close();
                }
            }
        }
    }

    private static String value(Statement statement, String sql) throws SQLException {
        try (ResultSet rows = statement.executeQuery(sql)) {
            assertTrue(rows.next());
            return rows.getString(1);
        }
    }
}
