package io.ambassador.discovery.etcd;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.ambassador.spi.discovery.EndpointState.Absent;
import io.ambassador.spi.discovery.EndpointState.Known;
import io.ambassador.testkit.EtcdServer;
import io.ambassador.testkit.RecordingListener;
import io.ambassador.testkit.Timing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Random changes of a path, with compaction and a server that is killed in between, end where a map ends that the same
 * was done to. {@code -Detcd.changes=10000} for many, {@code -Detcd.seed} for the same again.
 */
class EtcdChangesIT {
    private static final int CHANGES = Integer.getInteger("etcd.changes", 1_000);
    private static final int RESTARTS = Math.max(4, CHANGES / 1_000);
    private static final long SEED = Long.getLong("etcd.seed", System.nanoTime());
    private static final String PATH = "/services/redis";
    private static final int KEYS = 60;

    private final Random random = new Random(SEED);
    private final Map<String, String> oracle = new HashMap<>();
    private final List<Long> leases = new ArrayList<>();
    private int compactions;
    private long slowestMillis;

    @Test
    void randomChangesEndAsTheOracleDoes() throws Exception {
        try (EtcdServer etcd = EtcdServer.start();
                Etcd client = new Etcd()) {
            put(etcd, PATH + "/always");
            try (RecordingListener seen = client.watch(Map.of("endpoints", etcd.address(), "path", PATH))) {
                await().until(() -> !seen.addresses().isEmpty());
                for (int i = 0; i < CHANGES; i++) {
                    change(etcd);
                    if ((i + 1) % (CHANGES / (RESTARTS + 1)) == 0) {
                        etcd.restart();
                        awaitOracle(etcd, seen, "after a restart");
                    }
                }
                awaitOracle(etcd, seen, "at the end");
                assertFalse(
                        seen.all().stream()
                                .anyMatch(state -> state instanceof Absent
                                        || state instanceof Known known
                                                && known.endpoints().isEmpty()),
                        "one key was there all the time");
                assertFalse(seen.overlapped());
                System.out.printf(
                        "measured: etcd, %d changes, %d restarts, %d compactions: right %d ms later at worst; %d states"
                                + " told%n",
                        CHANGES,
                        RESTARTS,
                        compactions,
                        slowestMillis,
                        seen.all().size());
            }
        }
    }

    private void change(EtcdServer etcd) {
        String key = PATH + "/" + random.nextInt(KEYS);
        int kind = random.nextInt(100);
        if (kind < 55) {
            put(etcd, key);
        } else if (kind < 80) {
            etcd.delete(key);
            oracle.remove(key);
        } else if (kind < 90) {
            long lease = etcd.lease(random.nextBoolean() ? 1 : 3600);
            etcd.put(key, address(), lease);
            oracle.remove(key);
            leases.add(lease);
        } else if (kind < 98) {
            if (!leases.isEmpty()) {
                revoke(etcd, leases.remove(random.nextInt(leases.size())));
            }
        } else {
            put(etcd, key); // twice at one revision is an error
            etcd.compact();
            compactions++;
        }
    }

    private void put(EtcdServer etcd, String key) {
        String address = address();
        etcd.put(key, address);
        oracle.put(key, address);
    }

    private void revoke(EtcdServer etcd, long lease) {
        try {
            etcd.revoke(lease);
        } catch (IllegalStateException e) { // it is over already
            if (!String.valueOf(e.getMessage()).contains("lease not found")) {
                throw e;
            }
        }
    }

    private String address() {
        return "10." + random.nextInt(4) + "." + random.nextInt(250) + "." + random.nextInt(250) + ":1";
    }

    private void awaitOracle(EtcdServer etcd, RecordingListener seen, String when) {
        leases.forEach(lease -> revoke(etcd, lease));
        leases.clear();
        long since = System.nanoTime();
        await().pollInterval(Duration.ofMillis(20))
                .untilAsserted(() ->
                        assertEquals(new TreeSet<>(oracle.values()), seen.addresses(), () -> when + ", seed " + SEED));
        long millis = (System.nanoTime() - since) / 1_000_000;
        slowestMillis = Math.max(slowestMillis, millis);
        Timing.assertWithin(Duration.ofSeconds(5), millis);
    }
}
