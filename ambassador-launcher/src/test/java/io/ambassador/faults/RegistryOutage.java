package io.ambassador.faults;

import static io.ambassador.faults.Running.report;
import static io.ambassador.faults.Running.status;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.ServiceBuilder;
import io.ambassador.spi.ConfigurationException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a running ambassador makes of a registry whose content changes, and of one that is killed, frozen or cut off while
 * traffic flows and the ambassador is restarted. Extend it for a registry.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class RegistryOutage {
    /** A registry that holds one service with two backends, 0 and 1. */
    interface Registry extends AutoCloseable {
        /** {@code 127.0.0.1:port}, or {@code unix:///path}. */
        String address();

        /** Of its source. */
        String type();

        /** How the service is followed through {@code address}, its own or {@code host:port} of a way to it. */
        Map<String, ?> settings(String address);

        /** This one is the only healthy endpoint from now on. */
        void serve(int backend) throws Exception;

        /** SIGKILL, or what comes nearest. */
        void kill();

        /** Returns once it answers again. */
        void restart();

        /** SIGSTOP, or what comes nearest: it accepts, but says nothing. */
        void freeze();

        /** SIGCONT. */
        void thaw();

        @Override
        void close();
    }

    /** Breaks something, or mends it. */
    interface Step {
        void run() throws Exception;
    }

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** Seconds that an outage lasts at least. */
    private static final int OUTAGE = Integer.getInteger("discovery.outage", 2);

    private static final int CHANGES = Integer.getInteger("discovery.changes", 8);

    /** How soon after its return the registry is followed again. */
    private static final Duration CONVERGED_WITHIN = Duration.ofSeconds(2);

    /** Beyond what is promised, for a machine that has other things to do, too. */
    private static final Duration SLACK = Duration.ofSeconds(2);

    @TempDir
    Path cache;

    private final List<Greeter> greeters = List.of(Greeter.start(0), Greeter.start(1));
    private Registry registry;

    @BeforeAll
    void start() throws Exception {
        registry = startRegistry();
    }

    @AfterAll
    void stop() {
        if (registry != null) {
            registry.close();
        }
        greeters.forEach(Greeter::close);
    }

    protected abstract Registry startRegistry() throws Exception;

    /** Where {@code backend} listens on 127.0.0.1, unless the registry brings its own. */
    protected final int port(int backend) {
        return greeters.get(backend).port();
    }

    /** What the service is besides where its endpoints come from. */
    protected void define(ServiceBuilder service) throws ConfigurationException {
        service.health(Running.WITHOUT_PROBES);
    }

    /** @return the backend that serves a new connection */
    protected int call(InetSocketAddress address) throws IOException {
        return EchoClient.call(address);
    }

    /** How soon a change in the registry moves new connections. */
    protected Duration changeWithin() {
        return Duration.ofSeconds(1);
    }

    @Test
    void changesMoveNewConnections() throws Exception {
        try (Ambassador ambassador = serving(registry.address(), new SimpleMeterRegistry())) {
            InetSocketAddress address = ambassador.address("main");
            List<Long> took = new ArrayList<>();
            for (int i = 1; i <= CHANGES; i++) {
                int wanted = i % 2;
                registry.serve(wanted);
                long changed = System.nanoTime();
                await().atMost(PATIENCE)
                        .pollDelay(Duration.ZERO)
                        .pollInterval(Duration.ofMillis(2))
                        .until(() -> call(address) == wanted);
                took.add(millisSince(changed));
            }
            Collections.sort(took);
            report("%s: changes moved new connections within %s ms", name(), took);
            assertTrue(took.get(took.size() / 2) < changeWithin().toMillis(), took.toString());
        }
    }

    @Test
    void aKilledRegistryLeavesTrafficAlone() throws Exception {
        survives("killed", registry.address(), registry::kill, registry::restart, false);
    }

    @Test
    void aFrozenRegistryLeavesTrafficAlone() throws Exception {
        survives("frozen", registry.address(), registry::freeze, registry::thaw, false);
    }

    @Test
    void aRegistryThatIsCutOffLeavesTrafficAlone() throws Exception {
        try (Detour network = Detour.to(registry.address())) {
            survives("cut off", network.address(), network::drop, network::mend, true);
        }
    }

    /**
     * @param address where the ambassador finds the registry
     * @param changes whether the registry can be changed meanwhile
     */
    final void survives(String fault, String address, Step fail, Step mend, boolean changes) throws Exception {
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        try (Ambassador before = serving(address, new SimpleMeterRegistry());
                NewConnections clients = clients(before)) {
            fail.run();
            long failed = System.nanoTime();
            try (Ambassador after = ambassador(address, meters)) {
                await().atMost(PATIENCE).until(() -> !status(after).endpoints().isEmpty());
                try (NewConnections others = clients(after)) {
                    await().atMost(PATIENCE).until(() -> stale(before) && stale(after));
                    long stale = millisSince(failed);
                    assertEquals(1, staleMetric(meters));
                    await().atMost(PATIENCE.plusSeconds(OUTAGE))
                            .until(() -> millisSince(failed) > OUTAGE * 1_000L
                                    && others.all().size() > 50);
                    if (changes) {
                        registry.serve(1);
                    }
                    assertEquals(List.of(), othersThan(0, clients));
                    assertEquals(List.of(), othersThan(0, others));

                    mend.run();
                    if (!changes) {
                        registry.serve(1);
                    }
                    long back = System.nanoTime();
                    await().atMost(PATIENCE)
                            .pollInterval(Duration.ofMillis(10))
                            .until(() -> served(clients, back, 1) && served(others, back, 1));
                    long converged = millisSince(back);
                    await().atMost(PATIENCE).until(() -> !stale(before) && !stale(after));
                    assertEquals(0, staleMetric(meters));

                    assertEquals(List.of(), NewConnections.failed(clients.all()));
                    assertEquals(List.of(), NewConnections.failed(others.all()));
                    report(
                            "%s, %s: stale after %d ms, converged %d ms after its return; %d connections, 0 failed",
                            name(),
                            fault,
                            stale,
                            converged,
                            clients.all().size() + others.all().size());
                    assertTrue(converged < CONVERGED_WITHIN.plus(SLACK).toMillis(), converged + " ms");
                }
            }
        }
    }

    /** One that follows the registry, where backend 0 serves. */
    private Ambassador serving(String address, SimpleMeterRegistry meters) throws Exception {
        registry.serve(0);
        Ambassador ambassador = ambassador(address, meters);
        try {
            await().atMost(PATIENCE)
                    .until(() -> !status(ambassador).endpoints().isEmpty()
                            && !stale(ambassador)
                            && call(ambassador.address("main")) == 0);
        } catch (RuntimeException e) {
            ambassador.close();
            throw e;
        }
        return ambassador;
    }

    private Ambassador ambassador(String address, SimpleMeterRegistry meters) throws Exception {
        return Ambassador.builder()
                .cacheDirectory(cache)
                .meterRegistry(meters)
                .service("main", s -> {
                    define(s.listen("127.0.0.1", 0));
                    s.discover(registry.type(), registry.settings(address));
                })
                .start();
    }

    /** One by one: some backends have little room for who waits to be accepted. */
    private NewConnections clients(Ambassador ambassador) {
        InetSocketAddress address = ambassador.address("main");
        return NewConnections.start(() -> call(address), 1, 50);
    }

    private static boolean served(NewConnections clients, long since, int backend) {
        return clients.since(since).stream().anyMatch(call -> call.backend() == backend);
    }

    private static List<NewConnections.Call> othersThan(int backend, NewConnections clients) {
        return clients.all().stream().filter(call -> call.backend() != backend).toList();
    }

    private static boolean stale(Ambassador ambassador) {
        return status(ambassador).sources().get(0).stale();
    }

    private static double staleMetric(SimpleMeterRegistry meters) {
        return meters.get("ambassador.discovery.stale").gauge().value();
    }

    private String name() {
        return getClass().getSimpleName();
    }

    private static long millisSince(long nanoTime) {
        return (System.nanoTime() - nanoTime) / 1_000_000;
    }
}
