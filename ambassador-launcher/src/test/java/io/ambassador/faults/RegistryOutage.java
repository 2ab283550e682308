package io.ambassador.faults;

import static io.ambassador.faults.Running.report;
import static io.ambassador.faults.Running.status;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a running ambassador makes of a registry whose content changes, and which is killed while traffic flows and the
 * ambassador is restarted. Extend it for a registry.
 */
abstract class RegistryOutage {
    /** A registry that holds one service. */
    interface Registry extends AutoCloseable {
        /** Where it listens on 127.0.0.1. */
        int port();

        /** Of its source. */
        String type();

        /** How the service is followed through {@code port}, its own or a relay's. */
        Map<String, ?> settings(int port);

        /** These ports of 127.0.0.1 are its healthy endpoints from now on. */
        void set(Set<Integer> ports) throws Exception;

        /** SIGKILL, or what comes nearest. */
        void kill();

        /** Returns once it answers again. */
        void restart();

        @Override
        void close();
    }

    /** Breaks something, or mends it. */
    interface Step {
        void run() throws Exception;
    }

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Seconds that an outage lasts at least. */
    private static final int OUTAGE = Integer.getInteger("discovery.outage", 2);

    private static final int CHANGES = Integer.getInteger("discovery.changes", 8);

    /** Beyond what is promised, for a machine that has other things to do, too. */
    private static final Duration SLACK = Duration.ofSeconds(2);

    @TempDir
    Path cache;

    protected abstract Registry startRegistry() throws Exception;

    /** How soon a change in the registry moves new connections. */
    protected Duration changeWithin() {
        return Duration.ofSeconds(1);
    }

    /** How soon after its return the registry is followed again. */
    protected Duration convergedWithin() {
        return Duration.ofSeconds(2);
    }

    @Test
    void changesMoveNewConnections() throws Exception {
        try (Registry registry = startRegistry();
                Greeter first = Greeter.start(0);
                Greeter second = Greeter.start(1)) {
            registry.set(Set.of(first.port()));
            try (Ambassador ambassador = ambassador(registry, registry.port(), new SimpleMeterRegistry())) {
                await().atMost(PATIENCE)
                        .until(() -> !status(ambassador).endpoints().isEmpty());
                InetSocketAddress address = ambassador.address("main");
                List<Long> took = new ArrayList<>();
                for (int i = 0; i < CHANGES; i++) {
                    Greeter next = i % 2 == 0 ? second : first;
                    registry.set(Set.of(next.port()));
                    long changed = System.nanoTime();
                    int wanted = i % 2 == 0 ? 1 : 0;
                    await().atMost(PATIENCE)
                            .pollDelay(Duration.ZERO)
                            .pollInterval(Duration.ofMillis(2))
                            .until(() -> EchoClient.call(address) == wanted);
                    took.add((System.nanoTime() - changed) / 1_000_000);
                }
                Collections.sort(took);
                report("%s: changes moved new connections within %s ms", name(), took);
                assertTrue(took.get(took.size() / 2) < changeWithin().toMillis(), took.toString());
            }
        }
    }

    @Test
    void aKilledRegistryLeavesTrafficAlone() throws Exception {
        try (Registry registry = startRegistry()) {
            survives("killed", registry, registry.port(), registry::kill, registry::restart);
        }
    }

    /** @param port where the ambassador finds the registry, its own or a relay's */
    final void survives(String fault, Registry registry, int port, Step fail, Step mend) throws Exception {
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        try (Greeter first = Greeter.start(0);
                Greeter second = Greeter.start(1)) {
            registry.set(Set.of(first.port()));
            try (Ambassador before = ambassador(registry, port, new SimpleMeterRegistry())) {
                await().atMost(PATIENCE).until(() -> !status(before).endpoints().isEmpty());
                InetSocketAddress old = before.address("main");
                try (NewConnections clients = NewConnections.start(() -> EchoClient.call(old), 2, 50)) {
                    fail.run();
                    long failed = System.nanoTime();
                    try (Ambassador after = ambassador(registry, port, meters)) {
                        await().atMost(PATIENCE)
                                .until(() -> !status(after).endpoints().isEmpty());
                        InetSocketAddress fresh = after.address("main");
                        try (NewConnections others = NewConnections.start(() -> EchoClient.call(fresh), 2, 50)) {
                            await().atMost(PATIENCE).until(() -> stale(before) && stale(after));
                            report("%s, %s: stale after %d ms", name(), fault, millisSince(failed));
                            assertEquals(
                                    1,
                                    meters.get("ambassador.discovery.stale")
                                            .gauge()
                                            .value());
                            await().atMost(PATIENCE.plusSeconds(OUTAGE))
                                    .until(() -> millisSince(failed) > OUTAGE * 1_000L
                                            && others.all().size() > 50);
                            assertTrue(clients.all().stream().allMatch(call -> call.backend() == 0));

                            mend.run();
                            registry.set(Set.of(second.port()));
                            long changed = System.nanoTime();
                            await().atMost(PATIENCE)
                                    .until(() -> clients.since(changed).stream().anyMatch(call -> call.backend() == 1)
                                            && others.since(changed).stream().anyMatch(call -> call.backend() == 1));
                            long took = millisSince(changed);
                            report("%s, %s: converged %d ms after its return", name(), fault, took);
                            await().atMost(PATIENCE).until(() -> !stale(before) && !stale(after));

                            assertEquals(List.of(), NewConnections.failed(clients.all()));
                            assertEquals(List.of(), NewConnections.failed(others.all()));
                            assertTrue(took < convergedWithin().plus(SLACK).toMillis(), took + " ms");
                            report(
                                    "%s, %s: %d connections, 0 failed",
                                    name(),
                                    fault,
                                    clients.all().size() + others.all().size());
                        }
                    }
                }
            }
        }
    }

    private Ambassador ambassador(Registry registry, int port, SimpleMeterRegistry meters) throws Exception {
        return Ambassador.builder()
                .cacheDirectory(cache)
                .meterRegistry(meters)
                .service(
                        "main",
                        s -> s.listen("127.0.0.1", 0)
                                .health(Running.WITHOUT_PROBES)
                                .discover(registry.type(), registry.settings(port)))
                .start();
    }

    private static boolean stale(Ambassador ambassador) {
        return status(ambassador).sources().get(0).stale();
    }

    private String name() {
        return getClass().getSimpleName();
    }

    private static long millisSince(long nanoTime) {
        return (System.nanoTime() - nanoTime) / 1_000_000;
    }
}
