package io.ambassador.auth.postgresql;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.service.Credentials;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.PgClient;
import io.ambassador.testkit.PostgresServer;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGConnection;

/** A client that changes its mind stops its own query, at the server where it runs, and nobody else's. */
class PostgresCancelIT {
    private static final String WATCHER = "watcher";

    @TempDir
    static Path directory;

    /** Of servers in plain text and over TLS. */
    private static final Map<Boolean, List<PostgresServer>> servers = new HashMap<>();

    private static final Map<Boolean, Ambassador> ambassadors = new HashMap<>();
    private static final List<Connection> watchers = new ArrayList<>();

    @BeforeAll
    static void start() throws Exception {
        Certificates certificates = Certificates.in(directory);
        Credentials credentials = Front.credentials(directory);
        for (boolean encrypted : new boolean[] {false, true}) {
            List<PostgresServer> pair = List.of(server(encrypted, certificates), server(encrypted, certificates));
            servers.put(encrypted, pair);
            ambassadors.put(
                    encrypted,
                    Front.of(
                            service -> {
                                service.credentials(credentials);
                                if (encrypted) {
                                    service.tls(Front.trusting(certificates));
                                }
                            },
                            pair.get(0).port(),
                            pair.get(1).port()));
        }
    }

    private static PostgresServer server(boolean encrypted, Certificates certificates) throws SQLException {
        PostgresServer.Builder builder =
                Front.server().user(WATCHER, "unused", "SUPERUSER").rule("host all " + WATCHER + " 127.0.0.1/32 trust");
        if (encrypted) {
            builder.tls(certificates.server(Front.NAME));
        }
        PostgresServer server = builder.start();
        watchers.add(Front.jdbc(server.port(), WATCHER, "postgres", new Properties()));
        return server;
    }

    @AfterAll
    static void stop() throws Exception {
        for (Connection watcher : watchers) {
            watcher.close();
        }
        ambassadors.values().forEach(Ambassador::close);
        servers.values().forEach(pair -> pair.forEach(PostgresServer::close));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void controlCStopsPsqlsOwnQuery(boolean encrypted) throws Exception {
        Ambassador ambassador = ambassadors.get(encrypted);
        Program bystander = Program.start(ambassador, Map.of(), Program.psqlLine("SELECT pg_sleep(40), 'bystander'"));
        Program stopped = Program.start(ambassador, Map.of(), Program.psqlLine("SELECT pg_sleep(40), 'stopped'"));
        awaitRunning("bystander");
        awaitRunning("stopped");

        stopped.interrupt();
        String said = stopped.output();
        assertTrue(said.contains("ERROR:  canceling statement due to user request"), said);
        assertTrue(bystander.isRunning());
        assertEquals(1, running("bystander"));
        assertEquals(0, running("stopped"));

        bystander.interrupt();
        said = bystander.output();
        assertTrue(said.contains("ERROR:  canceling statement due to user request"), said);
    }

    /** Two clients at two servers cancel at the same time, a third that never does is left alone. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void ofAHundredRacingCancelsEachHitsTheRightQuery(boolean encrypted) throws Exception {
        Ambassador ambassador = ambassadors.get(encrypted);
        int rounds = 50;
        try (Connection first = Front.jdbc(ambassador);
                Connection second = Front.jdbc(ambassador);
                Connection third = Front.jdbc(ambassador)) {
            assertTrue(areApart(first, second), "both clients are at one server");
            CompletableFuture<SQLException> bystander =
                    CompletableFuture.supplyAsync(() -> failureOf(third, "SELECT pg_sleep(120), 'third'"));
            awaitRunning("third");

            CompletableFuture<Integer> one = CompletableFuture.supplyAsync(() -> cancelled(first, "first", rounds));
            CompletableFuture<Integer> other = CompletableFuture.supplyAsync(() -> cancelled(second, "second", rounds));
            assertEquals(rounds, one.get(90, TimeUnit.SECONDS));
            assertEquals(rounds, other.get(90, TimeUnit.SECONDS));

            assertEquals(1, running("third"), "a query that nobody cancelled was");
            cancel(third);
            assertEquals("57014", bystander.get(20, TimeUnit.SECONDS).getSQLState());
        }
    }

    /** How often the connection's own cancel, and nothing before it, ended its query. */
    private static int cancelled(Connection connection, String name, int rounds) {
        int right = 0;
        for (int round = 0; round < rounds; round++) {
            String mark = name + "-" + round + "-";
            AtomicBoolean asked = new AtomicBoolean();
            CompletableFuture<Void> canceller = CompletableFuture.runAsync(() -> {
                awaitRunning(mark);
                asked.set(true);
                cancel(connection);
            });
            SQLException failure = failureOf(connection, "SELECT pg_sleep(40), '" + mark + "'");
            if (asked.get() && failure.getSQLState().equals("57014")) {
                right++;
            }
            canceller.join();
        }
        return right;
    }

    @Test
    void aStatementsTimeoutCancelsIt() throws Exception {
        Ambassador ambassador = ambassadors.get(false);
        try (Connection connection = Front.jdbc(ambassador);
                Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(1);
            SQLException late = assertThrows(SQLException.class, () -> statement.execute("SELECT pg_sleep(40)"));
            assertEquals("57014", late.getSQLState());
            assertTrue(connection.isValid(10));
        }
    }

    @Test
    void aKeyThatNobodyHasStopsNothing() throws Exception {
        Ambassador ambassador = ambassadors.get(false);
        try (PgClient session = PgClient.connect(ambassador.address(Front.SERVICE))) {
            PgClient.Message key = open(session);
            session.send(PgClient.query("SELECT pg_sleep(40), 'guarded'"));
            awaitRunning("guarded");

            int pid = key.number(0);
            int secret = key.number(4);
            for (byte[] wrong : List.of(
                    PgClient.cancel(pid, bytes(secret + 1)),
                    PgClient.cancel(pid + 1, bytes(secret)),
                    PgClient.cancel(0, bytes(0)),
                    PgClient.cancel(pid),
                    PgClient.cancel(pid, new byte[256]),
                    PgClient.cancel(pid, new byte[1000]))) {
                try (PgClient stranger = PgClient.connect(ambassador.address(Front.SERVICE))) {
                    stranger.send(wrong);
                    assertTrue(stranger.isClosedByServer());
                }
            }
            assertEquals(1, running("guarded"));

            try (PgClient own = PgClient.connect(ambassador.address(Front.SERVICE))) {
                own.send(PgClient.cancel(pid, bytes(secret)));
                assertTrue(own.isClosedByServer());
            }
            List<PgClient.Message> answer = session.readTo('Z');
            assertEquals("57014", answer.get(answer.size() - 1).field('C'));
        }
    }

    /** A key is good for as long as its session: another client could have it by then. */
    @Test
    void aKeyIsWorthNothingAfterItsSession() throws Exception {
        Ambassador ambassador = ambassadors.get(false);
        byte[] cancel;
        try (PgClient session = PgClient.connect(ambassador.address(Front.SERVICE))) {
            PgClient.Message key = open(session);
            cancel = PgClient.cancel(key.number(0), bytes(key.number(4)));
            session.send(PgClient.typed('X'));
            assertTrue(session.isClosedByServer());
        }
        await().until(() -> ambassador.services().get(0).activeConnections() == 0);
        try (PgClient late = PgClient.connect(ambassador.address(Front.SERVICE))) {
            late.send(cancel);
            assertTrue(late.isClosedByServer());
        }
        assertEquals("1", Program.psql(ambassador, "SELECT 1"));
    }

    /** The key that the new session got. */
    private static PgClient.Message open(PgClient session) {
        session.send(PgClient.startup("user", Front.CLIENT_USER, "database", Front.DATABASE));
        return session.readTo('Z').stream()
                .filter(message -> message.type() == 'K')
                .findFirst()
                .orElseThrow();
    }

    private static byte[] bytes(int number) {
        return ByteBuffer.allocate(4).putInt(number).array();
    }

    private static SQLException failureOf(Connection connection, String sql) {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
            throw new AssertionError(sql + " ran to its end");
        } catch (SQLException e) {
            return e;
        }
    }

    /** Whatever the connection runs. */
    private static void cancel(Connection connection) {
        try {
            connection.unwrap(PGConnection.class).cancelQuery();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void awaitRunning(String mark) {
        await().pollInterval(Duration.ofMillis(5))
                .atMost(Duration.ofSeconds(30))
                .until(() -> running(mark) == 1);
    }

    /** Queries under way at both servers with a literal that is {@code mark}. */
    private static synchronized int running(String mark) throws SQLException {
        int count = 0;
        for (Connection watcher : watchers) {
            count += count(
                    watcher,
                    "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND usename = 'app'"
                            + " AND strpos(query, quote_literal('" + mark + "')) > 0");
        }
        return count;
    }

    private static int count(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            assertTrue(rows.next());
            return rows.getInt(1);
        }
    }

    /** Whether they are at different servers, told by their ports. */
    private static boolean areApart(Connection one, Connection other) throws SQLException {
        return count(one, "SELECT inet_server_port()") != count(other, "SELECT inet_server_port()");
    }
}
