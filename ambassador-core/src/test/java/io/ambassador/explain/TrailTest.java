package io.ambassador.explain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.discovery.Endpoint;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrailTest {
    private static final Endpoint ONE = Endpoint.of("10.0.0.1", 6379);
    private static final Endpoint TWO = Endpoint.of("10.0.0.2", 6379);

    private final Trail trail = new Trail("listener", new InetSocketAddress("127.0.0.1", 5000));

    @Test
    void tellsHowAClientWasServed() {
        trail.client(new InetSocketAddress("192.0.2.7", 1234));
        trail.routed("redis", "listener");
        trail.enter(Phase.PICK);
        trail.candidates(2);
        trail.enter(Phase.CONNECT);
        trail.attempted(ONE, EndReason.CONNECT_REFUSED, "connecting to 10.0.0.1:6379 failed: refused", 5);
        trail.enter(Phase.PICK);
        trail.enter(Phase.CONNECT);
        trail.enter(Phase.TLS);
        trail.enter(Phase.LOGIN);
        trail.attempted(TWO, null, "", 7);
        trail.loggedIn("app", 3, false);
        trail.enter(Phase.RELAY);
        ConnectionRecord record = trail.end(EndReason.COMPLETED, "", 10, 20);

        assertEquals("---", record.code());
        assertEquals(TWO, record.endpoint());
        assertEquals(
                List.of(EndReason.CONNECT_REFUSED),
                record.attempts().stream()
                        .map(Attempt::failure)
                        .filter(failure -> failure != null)
                        .toList());
        assertEquals(
                List.of(
                        "id",
                        "service",
                        "client",
                        "endpoint",
                        "route",
                        "candidates",
                        "attempts",
                        "username",
                        "secretVersion",
                        "prewarmed",
                        "bytesToBackend",
                        "bytesToClient",
                        "acceptMillis",
                        "pickMillis",
                        "connectMillis",
                        "tlsMillis",
                        "loginMillis",
                        "relayMillis",
                        "totalMillis",
                        "phase",
                        "code"),
                List.copyOf(record.fields().keySet()));
        assertEquals("192.0.2.7:1234", record.fields().get("client"));
        assertEquals(trail.id(), record.fields().get("id"));
        assertEquals(2, record.fields().get("attempts"));
        assertEquals(20L, record.fields().get("bytesToClient"));
    }

    @Test
    void leavesOutWhatDidNotHappen() {
        ConnectionRecord record = trail.end(EndReason.NOT_ALLOWED, "it is not in allow.sources", 0, 0);

        assertEquals("AAn", record.code());
        assertEquals(Phase.ACCEPT, record.phase());
        assertNull(record.endpoint());
        assertEquals(
                List.of(
                        "id",
                        "service",
                        "client",
                        "candidates",
                        "attempts",
                        "bytesToBackend",
                        "bytesToClient",
                        "acceptMillis",
                        "totalMillis",
                        "phase",
                        "code",
                        "detail"),
                List.copyOf(record.fields().keySet()));
    }

    @Test
    void itsPhasesAddUpToTheWhole() {
        for (Phase phase : List.of(Phase.GREETING, Phase.PICK, Phase.CONNECT, Phase.PICK, Phase.CONNECT, Phase.RELAY)) {
            trail.enter(phase);
        }
        PhaseTimes times = trail.end(EndReason.IDLE, "", 0, 0).times();

        assertEquals(times.total(), Arrays.stream(Phase.values()).map(times::in).reduce(Duration.ZERO, Duration::plus));
        assertTrue(times.in(Phase.CONNECT).toNanos() > 0);
        assertEquals(Duration.ZERO, times.in(Phase.LOGIN));
    }

    @Test
    void addressesAreWrittenAsTheyAreConfigured() {
        assertEquals("127.0.0.1:5000", trail.end(EndReason.IDLE, "", 0, 0).clientAddress());
        trail.client(new InetSocketAddress("::1", 6379));
        assertEquals("[::1]:6379", trail.end(EndReason.IDLE, "", 0, 0).clientAddress());
        trail.client(UnixDomainSocketAddress.of("/run/app.sock"));
        assertEquals("unix:/run/app.sock", trail.end(EndReason.IDLE, "", 0, 0).clientAddress());
    }
}
