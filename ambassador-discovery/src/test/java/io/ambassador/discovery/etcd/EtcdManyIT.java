package io.ambassador.discovery.etcd;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.testkit.EtcdServer;
import io.ambassador.testkit.RecordingListener;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;

/** Two hundred services with twenty-five endpoints each, from one etcd. */
class EtcdManyIT {
    private static final int SERVICES = 200;
    private static final int ENDPOINTS = 25;

    @Test
    void theyShareOneClientAndReadNothingAgainForAChange() throws Exception {
        try (EtcdServer etcd = EtcdServer.start();
                Etcd client = new Etcd()) {
            Map<String, String> values = new HashMap<>();
            for (int service = 0; service < SERVICES; service++) {
                for (int endpoint = 0; endpoint < ENDPOINTS; endpoint++) {
                    values.put(path(service) + "/" + endpoint, "10.0." + service + "." + (1 + endpoint) + ":6379");
                }
            }
            etcd.putAll(values);
            List<RecordingListener> seen = new ArrayList<>();
            for (int service = 0; service < SERVICES; service++) {
                seen.add(client.watch(Map.of("endpoints", etcd.address(), "path", path(service), "reread", "1h")));
            }
            for (RecordingListener each : seen) {
                quickly().until(() -> each.addresses().size() == ENDPOINTS);
            }
            await().untilAsserted(() -> assertEquals(SERVICES, etcd.watches()));
            await().untilAsserted(() -> assertTrue(connections(etcd.port()) <= 5, "connections to etcd"));

            long reads = etcd.reads();
            for (int change = 0; change < 100; change++) {
                String value = "10.1.0." + (1 + change) + ":6379";
                etcd.put(path(change) + "/0", value);
                RecordingListener changed = seen.get(change);
                quickly().until(() -> changed.addresses().contains(value));
            }
            long more = etcd.reads() - reads; // signs of life, one every two seconds
            assertTrue(more < 50, () -> more + " reads for 100 changes");
            seen.forEach(RecordingListener::close);
        }
    }

    private static ConditionFactory quickly() {
        return await().pollInSameThread().pollInterval(Duration.ofMillis(2));
    }

    private static String path(int service) {
        return "/services/s" + service;
    }

    /** Established connections to a local port, as the kernel lists them. */
    private static long connections(int port) throws Exception {
        String to = String.format(Locale.ROOT, ":%04X 01 ", port);
        return Files.readAllLines(Path.of("/proc/net/tcp")).stream()
                .filter(line -> line.contains(to))
                .count();
    }
}
