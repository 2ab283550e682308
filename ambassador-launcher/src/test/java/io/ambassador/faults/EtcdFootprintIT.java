package io.ambassador.faults;

import static io.ambassador.faults.Running.report;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.testkit.EtcdServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * What it costs a real sidecar to follow many services on one etcd, at rest and while they change. As in the documents:
 * {@code -Dfootprint.services=200 -Dfootprint.seconds=15 -Dfootprint.rate=50}.
 */
class EtcdFootprintIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int SERVICES = Integer.getInteger("footprint.services", 10);
    private static final int ENDPOINTS = Integer.getInteger("footprint.endpoints", 25);
    private static final int SECONDS = Integer.getInteger("footprint.seconds", 1);

    /** Changes a second. */
    private static final int RATE = Integer.getInteger("footprint.rate", 50);

    private static final double TICKS = 100; // a second, as Linux counts them for everybody

    @Test
    void changesAreToldWithoutReadingAgain() throws Exception {
        try (EtcdServer etcd = EtcdServer.start()) {
            Map<String, String> values = new HashMap<>();
            Map<String, String> services = new HashMap<>();
            for (int service = 0; service < SERVICES; service++) {
                for (int endpoint = 0; endpoint < ENDPOINTS; endpoint++) {
                    values.put(path(service) + "/" + endpoint, "10.0." + service + "." + (1 + endpoint) + ":6379");
                }
                services.put(
                        "s" + service,
                        "discovery { type = etcd, endpoints = \"" + etcd.address() + "\", path = \"" + path(service)
                                + "\", reread = 1h }, health.probe = off");
            }
            etcd.putAll(values);
            try (SidecarProcess sidecar = SidecarProcess.start(List.of(), services)) {
                await().atMost(PATIENCE).until(() -> etcd.watches() == SERVICES);
                double cpu = cpuSeconds(sidecar);
                long reads = etcd.reads();
                rest();
                report(
                        "etcd, %d services with %d endpoints, at rest: %d KiB resident (peak %d), %.1f ms CPU a second,"
                                + " %d reads in %d s",
                        SERVICES,
                        SERVICES * ENDPOINTS,
                        sidecar.residentKiB(),
                        sidecar.peakKiB(),
                        1000 * (cpuSeconds(sidecar) - cpu) / SECONDS,
                        etcd.reads() - reads,
                        SECONDS);

                cpu = cpuSeconds(sidecar);
                reads = etcd.reads();
                int changes = change(etcd);
                double used = cpuSeconds(sidecar) - cpu;
                long more = etcd.reads() - reads;
                report(
                        "etcd, %d changes in %d s: %d KiB resident (peak %d), %.1f ms CPU a second, %d reads",
                        changes, SECONDS, sidecar.residentKiB(), sidecar.peakKiB(), 1000 * used / SECONDS, more);
                assertTrue(changes > 0);
                assertTrue(more <= SECONDS + 5, more + " reads, which are signs of life, one every 2 s");
                String last = last(changes - 1);
                String service = "/api/services/s" + (changes - 1) % SERVICES;
                await().atMost(PATIENCE).until(() -> sidecar.get(service).contains(last));
            }
        }
    }

    /** Each moves one endpoint of the next service to an address that was not there before. */
    private static int change(EtcdServer etcd) throws Exception {
        AtomicInteger changes = new AtomicInteger();
        ScheduledExecutorService writer = Executors.newSingleThreadScheduledExecutor();
        try {
            writer.scheduleAtFixedRate(
                    () -> {
                        int change = changes.get();
                        etcd.put(path(change % SERVICES) + "/0", last(change));
                        changes.incrementAndGet();
                    },
                    0,
                    1_000_000 / RATE,
                    TimeUnit.MICROSECONDS);
            rest();
        } finally {
            writer.shutdown();
            writer.awaitTermination(10, TimeUnit.SECONDS);
        }
        return changes.get();
    }

    private static void rest() {
        long began = System.nanoTime();
        await().atMost(PATIENCE.plusSeconds(SECONDS))
                .until(() -> System.nanoTime() - began >= TimeUnit.SECONDS.toNanos(SECONDS));
    }

    private static String last(int change) {
        return "10.1." + change / 250 % 250 + "." + (1 + change % 250) + ":6379";
    }

    private static String path(int service) {
        return "/services/s" + service;
    }

    /** User and system time of the process. */
    private static double cpuSeconds(SidecarProcess sidecar) throws IOException {
        String stat = Files.readString(Path.of("/proc", Long.toString(sidecar.pid()), "stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS;
    }
}
