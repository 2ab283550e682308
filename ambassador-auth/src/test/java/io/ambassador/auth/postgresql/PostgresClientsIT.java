package io.ambassador.auth.postgresql;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.service.Credentials;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.DriverTable;
import io.ambassador.testkit.PostgresServer;
import io.ambassador.testkit.PostgresServer.Method;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.Tuple;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.Driver;

/** Drivers and programs that know no password, at servers that ask for one in every way there is. */
class PostgresClientsIT {
    enum Server {
        SCRAM(Method.SCRAM, false, "scram-sha-256"),
        MD5(Method.MD5, false, "md5"),
        CLEARTEXT(Method.PASSWORD, false, "password"),
        TRUST(Method.TRUST, false, null),
        SCRAM_OVER_TLS(Method.SCRAM, true, "scram-sha-256"),
        MD5_OVER_TLS(Method.MD5, true, "md5"),
        CLEARTEXT_OVER_TLS(Method.PASSWORD, true, "password");

        private final Method method;
        private final boolean tls;
        private final String authenticatedBy;

        Server(Method method, boolean tls, String authenticatedBy) {
            this.method = method;
            this.tls = tls;
            this.authenticatedBy = authenticatedBy;
        }
    }

    private static final DriverTable DRIVERS = DriverTable.of("postgresql");

    @TempDir
    static Path directory;

    private static final Map<Server, PostgresServer> servers = new EnumMap<>(Server.class);
    private static final Map<Server, Ambassador> ambassadors = new EnumMap<>(Server.class);

    @BeforeAll
    static void start() throws Exception {
        Certificates certificates = Certificates.in(directory);
        Credentials credentials = Front.credentials(directory);
        for (Server server : Server.values()) {
            PostgresServer.Builder builder = PostgresServer.builder()
                    .method(server.method)
                    .database(Front.DATABASE)
                    .user(Front.USER, Front.PASSWORD);
            if (server.tls) {
                builder.tls(certificates.server(Front.NAME));
            }
            PostgresServer started = builder.start();
            servers.put(server, started);
            ambassadors.put(
                    server,
                    Front.of(
                            service -> {
                                service.credentials(credentials);
                                if (server.tls) {
                                    service.tls(Front.trusting(certificates));
                                }
                            },
                            started.port()));
        }
    }

    @AfterAll
    static void stop() {
        ambassadors.values().forEach(Ambassador::close);
        servers.values().forEach(PostgresServer::close);
        DRIVERS.check();
    }

    /** PostgreSQL's programs go by its major version. */
    private static void passed(String program, String... what) throws Exception {
        String said = Program.run(ambassadors.get(Server.SCRAM), program, "--version");
        DRIVERS.passed(program, said.replaceAll("[^0-9]*(\\d+).*", "$1"), what);
    }

    @ParameterizedTest
    @EnumSource
    void psqlNeedsNoPassword(Server server) throws Exception {
        Ambassador ambassador = ambassadors.get(server);
        String said = Program.psql(
                ambassador,
                "SELECT current_user, current_database(), ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
        assertEquals("app|shop|" + (server.tls ? "t" : "f"), said);
        if (server.authenticatedBy != null) {
            assertTrue(servers.get(server)
                            .logged("connection authenticated: identity=\"app\" method=" + server.authenticatedBy)
                    > 0);
        }
    }

    /** What libpq asks for first, encryption by TLS, may be refused to it; what it insists on, not. */
    @ParameterizedTest
    @ValueSource(strings = {"disable", "allow", "prefer"})
    void psqlDoesWithoutTls(String mode) throws Exception {
        String said =
                Program.run(ambassadors.get(Server.SCRAM), Map.of("PGSSLMODE", mode), Program.psqlLine("SELECT 'in'"));
        assertEquals("in", said);
        passed("psql", "sslmode=" + mode);
    }

    @Test
    void psqlThatInsistsOnTlsIsToldThatThereIsNone() throws Exception {
        Program psql = Program.start(
                ambassadors.get(Server.SCRAM), Map.of("PGSSLMODE", "require"), Program.psqlLine("SELECT 1"));
        String said = psql.output();
        assertTrue(said.contains("server does not support SSL, but SSL was required"), said);
        assertEquals(2, psql.exit());
    }

    @ParameterizedTest
    @EnumSource
    void pgIsreadyIsTold(Server server) throws Exception {
        String said = Program.run(ambassadors.get(server), "pg_isready");
        assertTrue(said.endsWith("accepting connections"), said);
        passed("pg_isready", "its one question");
    }

    @ParameterizedTest
    @EnumSource
    void pgbenchNeedsNoPassword(Server server) throws Exception {
        Ambassador ambassador = ambassadors.get(server);
        Program.run(ambassador, "pgbench", "--initialize", "--quiet", "--no-vacuum");
        for (String mode : List.of("simple", "extended", "prepared")) {
            assertBench(ambassador, 800, "--client=4", "--transactions=200", "--protocol=" + mode);
            passed("pgbench", "--protocol=" + mode);
        }
        assertBench(ambassador, 40, "--client=4", "--transactions=10", "--connect");
        passed("pgbench", "--connect");
    }

    private static void assertBench(Ambassador ambassador, int transactions, String... options) throws Exception {
        String[] line = new String[options.length + 3];
        line[0] = "pgbench";
        line[1] = "--no-vacuum";
        line[2] = "--select-only";
        System.arraycopy(options, 0, line, 3, options.length);
        String said = Program.run(ambassador, line);
        assertTrue(
                said.contains("number of transactions actually processed: " + transactions + "/" + transactions), said);
        assertTrue(said.contains("number of failed transactions: 0 "), said);
    }

    @ParameterizedTest
    @EnumSource
    void pgjdbcNeedsNoPassword(Server server) throws Exception {
        for (String mode : List.of("simple", "extended", "extendedForPrepared", "extendedCacheEverything")) {
            Properties properties = new Properties();
            properties.setProperty("preferQueryMode", mode);
            try (Connection connection = Front.jdbc(ambassadors.get(server), properties);
                    PreparedStatement statement =
                            connection.prepareStatement("SELECT current_user, sum(n) FROM generate_series(1, ?) n")) {
                for (int i = 0; i < 10; i++) { // past the point where the driver prepares at the server
                    statement.setInt(1, i + 1);
                    try (ResultSet rows = statement.executeQuery()) {
                        assertTrue(rows.next());
                        assertEquals("app", rows.getString(1));
                        assertEquals((i + 1) * (i + 2) / 2, rows.getInt(2));
                    }
                }
            }
            DRIVERS.passed("pgjdbc", DriverTable.versionOf(Driver.class), "preferQueryMode=" + mode);
        }
    }

    /** This one sends its next queries before it has the answers to the last. */
    @ParameterizedTest
    @EnumSource
    void vertxNeedsNoPassword(Server server) throws Exception {
        Vertx vertx = Vertx.vertx();
        try {
            PgConnectOptions options = new PgConnectOptions()
                    .setHost("127.0.0.1")
                    .setPort(ambassadors.get(server).address(Front.SERVICE).getPort())
                    .setUser(Front.CLIENT_USER)
                    .setDatabase(Front.DATABASE)
                    .setPipeliningLimit(16);
            PgConnection connection = PgConnection.connect(vertx, options)
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(20, SECONDS);
            List<CompletableFuture<Integer>> answers = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                answers.add(connection
                        .preparedQuery("SELECT $1::int + 1")
                        .execute(Tuple.of(i))
                        .map(rows -> rows.iterator().next().getInteger(0))
                        .toCompletionStage()
                        .toCompletableFuture());
            }
            for (int i = 0; i < answers.size(); i++) {
                assertEquals(i + 1, answers.get(i).get(20, SECONDS));
            }
            connection.close().toCompletionStage().toCompletableFuture().get(20, SECONDS);
            DRIVERS.passed("Vert.x", DriverTable.versionOf(PgConnection.class), "pipelined queries");
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().get(20, SECONDS);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatPgDumpTookOutPgRestoreBringsBack(Server server) throws Exception {
        Ambassador ambassador = ambassadors.get(server);
        Path dump = directory.resolve("dump-" + server);
        Program.psql(
                ambassador,
                "CREATE TABLE goods AS SELECT n, md5(n::text) AS text FROM generate_series(1, 10000) n;"
                        + " CREATE INDEX ON goods (text)");
        String before = Program.psql(ambassador, "SELECT count(*), md5(string_agg(text, '' ORDER BY n)) FROM goods");
        Program.run(ambassador, "pg_dump", "--no-password", "--format=custom", "--table=goods", "--file=" + dump);
        Program.psql(ambassador, "DROP TABLE goods");
        Program.run(
                ambassador,
                "pg_restore",
                "--no-password",
                "--exit-on-error",
                "--dbname=" + Front.DATABASE,
                dump.toString());
        assertEquals(
                before, Program.psql(ambassador, "SELECT count(*), md5(string_agg(text, '' ORDER BY n)) FROM goods"));
        Program.psql(ambassador, "DROP TABLE goods");
        passed("pg_dump", "custom format");
        passed("pg_restore", "custom format");
    }

    @ParameterizedTest
    @EnumSource
    void pythonNeedsNoPassword(Server server) throws Exception {
        Path script = directory.resolve("drivers.py");
        try (var in = PostgresClientsIT.class.getResourceAsStream("drivers.py")) {
            Files.write(script, in.readAllBytes());
        }
        String said = Program.run(ambassadors.get(server), "/usr/bin/python3", script.toString());
        for (String line : said.split("\n")) {
            String[] words = line.split(" ");
            assertEquals("app 5050", words[2] + " " + words[3], said);
            DRIVERS.passed(words[0], words[1].replaceAll("(\\d+\\.\\d+).*", "$1"), "queries with parameters");
        }
    }

    /** The password crosses a plain connection as it is only on this machine: the fronts above are on loopback. */
    @Test
    void theServerSeesNeitherTheClientsUserNorMoreThanOneLoginAConnection() throws Exception {
        PostgresServer server = servers.get(Server.SCRAM);
        Program.psql(ambassadors.get(Server.SCRAM), "SELECT 1");
        assertFalse(server.output().contains("user=" + Front.CLIENT_USER), server.output());
        assertEquals(server.logged("connection authenticated"), server.logged("connection authorized: user=app"));
    }
}
