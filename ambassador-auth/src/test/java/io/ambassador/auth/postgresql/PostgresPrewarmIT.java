package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.service.Credentials;
import io.ambassador.service.LimitsSpec;
import io.ambassador.service.TlsSpec;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.PgClient;
import io.ambassador.testkit.PostgresServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Connections to a real PostgreSQL that are logged in before their clients come, and what that is worth. */
class PostgresPrewarmIT {
    private static final int STOCK = 4;
    private static final Duration PATIENCE = Duration.ofSeconds(45);

    /** {@code -Dprewarm.connections=2000} for figures to publish. */
    private static final int CONNECTIONS = Integer.getInteger("prewarm.connections", 40);

    @TempDir
    Path directory;

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

    private Ambassador serve(PostgresServer server, TlsSpec tls, int prewarm) throws Exception {
        Credentials credentials = Front.credentials(directory);
        Ambassador ambassador = Ambassador.builder()
                .meterRegistry(meters)
                .eventLoops(1)
                .service(Front.SERVICE, s -> {
                    s.listen("127.0.0.1", 0).protocol("postgresql").discover(listener -> {
                        listener.onState(new EndpointState.Known(Set.of(Endpoint.of("127.0.0.1", server.port()))));
                        return () -> {};
                    });
                    s.credentials(credentials).health(Front.eager());
                    s.limits(LimitsSpec.DEFAULT.withPrewarm(prewarm, Duration.ofSeconds(60)));
                    if (tls != null) {
                        s.tls(tls);
                    }
                })
                .start();
        await().until(ambassador::isReady);
        return ambassador;
    }

    private boolean isStocked() {
        return meters.get("ambassador.prewarm.idle").gauge().value() == STOCK;
    }

    private void awaitStock() {
        await().atMost(PATIENCE).until(this::isStocked);
    }

    private double clients(String outcome) {
        return meters.get("ambassador.prewarm.clients")
                .tag("outcome", outcome)
                .functionCounter()
                .count();
    }

    private static PgClient open(InetSocketAddress address, String application) throws Exception {
        return PgClient.connect(address)
                .send(PgClient.startup(
                        "user", Front.CLIENT_USER, "database", Front.DATABASE, "application_name", application));
    }

    private static long select(InetSocketAddress address) throws Exception {
        long begin = System.nanoTime();
        try (PgClient client = open(address, "timed")) {
            client.readTo('Z');
            client.send(PgClient.query("SELECT 1")).readTo('Z');
            return System.nanoTime() - begin;
        }
    }

    @Test
    void clientsOfTheSameStartupAreServedFromTheStockAndOthersAreDialledFor() throws Exception {
        try (PostgresServer server = Front.server().start();
                Ambassador ambassador = serve(server, null, STOCK)) {
            InetSocketAddress address = ambassador.address(Front.SERVICE);
            List<PgClient.Message> cold;
            try (PgClient client = open(address, "one")) {
                cold = client.readTo('Z');
            }
            assertEquals(0, clients("taken"));
            awaitStock();
            try (PgClient first = open(address, "one");
                    PgClient second = open(address, "one")) {
                List<PgClient.Message> warm = first.readTo('Z');
                List<PgClient.Message> other = second.readTo('Z');
                assertEquals(parameters(cold), parameters(warm));
                assertEquals(types(cold), types(warm));
                assertNotEquals(key(warm), key(other));
            }
            assertEquals(2, clients("taken"));
            double missed = clients("missed");
            try (PgClient client = open(address, "two")) {
                assertTrue(parameters(client.readTo('Z')).contains("application_name\0two\0"));
            }
            assertEquals(2, clients("taken"));
            assertEquals(missed + 1, clients("missed"));
        }
    }

    private static String parameters(List<PgClient.Message> messages) {
        StringBuilder all = new StringBuilder();
        messages.stream()
                .filter(message -> message.type() == 'S')
                .forEach(message -> all.append(new String(message.body(), UTF_8)));
        return all.toString();
    }

    private static String types(List<PgClient.Message> messages) {
        StringBuilder all = new StringBuilder();
        messages.forEach(message -> all.append(message.type()));
        return all.toString();
    }

    private static String key(List<PgClient.Message> messages) {
        return messages.stream()
                .filter(message -> message.type() == 'K')
                .map(message -> Arrays.toString(message.body()))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void psqlAndJdbcTakeWarmConnectionsAndCancelTheirQueries() throws Exception {
        try (PostgresServer server = Front.server().start();
                Ambassador ambassador = serve(server, null, STOCK)) {
            assertEquals("1", Program.psql(ambassador, "SELECT 1"));
            awaitStock();
            assertEquals(
                    "app|psql", Program.psql(ambassador, "SELECT current_user, current_setting('application_name')"));
            assertEquals(1, clients("taken"));

            Front.jdbc(ambassador).close();
            await().atMost(PATIENCE).until(() -> {
                double before = clients("taken");
                Front.jdbc(ambassador).close();
                return clients("taken") > before;
            });
            awaitStock();
            double before = clients("taken");
            try (Connection connection = Front.jdbc(ambassador);
                    Statement statement = connection.createStatement()) {
                assertEquals(before + 1, clients("taken"));
                CompletableFuture<Boolean> sleeping =
                        CompletableFuture.supplyAsync(() -> execute(statement, "SELECT pg_sleep(60)"));
                await().atMost(PATIENCE)
                        .until(() -> server.sql("SELECT count(*) FROM pg_stat_activity"
                                        + " WHERE query = 'SELECT pg_sleep(60)' AND state = 'active'")
                                .strip()
                                .equals("1"));
                statement.cancel();
                ExecutionException stopped =
                        assertThrows(ExecutionException.class, () -> sleeping.get(30, TimeUnit.SECONDS));
                SQLException why = (SQLException) stopped.getCause().getCause();
                assertEquals("57014", why.getSQLState());
                assertTrue(connection.isValid(10));
            }
        }
    }

    private static boolean execute(Statement statement, String sql) {
        try {
            return statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void whatTheServerEndedIsNotHandedOut() throws Exception {
        try (PostgresServer server = Front.server().start();
                Ambassador ambassador = serve(server, null, STOCK)) {
            InetSocketAddress address = ambassador.address(Front.SERVICE);
            select(address);
            awaitStock();
            String ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'app'";
            assertTrue(Integer.parseInt(server.sql(ended).strip()) >= STOCK); // a probe may be among them
            await().atMost(PATIENCE)
                    .until(() -> server.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'app'")
                                    .strip()
                                    .equals("" + STOCK)
                            && isStocked());
            server.stop();
            await().atMost(PATIENCE)
                    .until(() -> meters.get("ambassador.prewarm.idle").gauge().value() == 0);
            server.start();
            await().atMost(PATIENCE).ignoreExceptions().until(() -> select(address) > 0);
            for (int i = 0; i < 20; i++) {
                select(address);
            }
            awaitStock();
        }
    }

    @Test
    void aNewPasswordIsWhatNewOnesAreLoggedInWith() throws Exception {
        try (PostgresServer server = Front.server().start();
                Ambassador ambassador = serve(server, null, STOCK)) {
            InetSocketAddress address = ambassador.address(Front.SERVICE);
            select(address);
            awaitStock();
            String changed = server.sql("SELECT clock_timestamp()").strip();
            server.sql("ALTER USER app PASSWORD 'another'");
            Front.write(directory.resolve("pg-password"), "another\n");
            String sessions = "SELECT count(*) FILTER (WHERE backend_start > '" + changed + "'), count(*)"
                    + " FROM pg_stat_activity WHERE usename = 'app'";
            await().atMost(PATIENCE)
                    .until(() -> server.sql(sessions).strip().equals(STOCK + "|" + STOCK) && isStocked());
            double taken = clients("taken");
            select(address);
            assertEquals(taken + 1, clients("taken"));
        }
    }

    /** Measures and prints, and holds nothing against the clock. */
    @ParameterizedTest
    @CsvSource({"false, false", "false, true", "true, false", "true, true"})
    void measured(boolean tls, boolean warm) throws Exception {
        Certificates certificates = Certificates.in(directory);
        PostgresServer.Builder builder = Front.server();
        if (tls) {
            builder.tls(certificates.server(Front.NAME));
        }
        try (PostgresServer server = builder.start();
                Ambassador ambassador = serve(server, tls ? Front.trusting(certificates) : null, warm ? STOCK : 0)) {
            InetSocketAddress address = ambassador.address(Front.SERVICE);
            select(address);
            for (int i = 0; i < CONNECTIONS / 4; i++) {
                one(address, warm); // so that what is measured is compiled
            }
            long[] nanos = new long[CONNECTIONS];
            for (int i = 0; i < CONNECTIONS; i++) {
                nanos[i] = one(address, warm);
            }
            Arrays.sort(nanos);
            System.out.printf(
                    "measured: client connect to first row, backend %s, %s, %d connections: p50 %.2f ms, p99 %.2f ms%n",
                    tls ? "TLS" : "plain",
                    warm ? "prewarm = " + STOCK : "no prewarm",
                    CONNECTIONS,
                    nanos[CONNECTIONS / 2] / 1e6,
                    nanos[CONNECTIONS * 99 / 100] / 1e6);
        }
    }

    private long one(InetSocketAddress address, boolean warm) throws Exception {
        if (warm) { // the stock is full: what one of it is worth is measured, not a race for it
            await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(1)).until(this::isStocked);
        }
        return select(address);
    }
}
