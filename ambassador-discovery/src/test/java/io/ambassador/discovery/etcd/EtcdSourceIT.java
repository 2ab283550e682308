package io.ambassador.discovery.etcd;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.spi.discovery.EndpointState.Absent;
import io.ambassador.spi.discovery.EndpointState.Known;
import io.ambassador.spi.discovery.EndpointState.Unreachable;
import io.ambassador.testkit.EtcdServer;
import io.ambassador.testkit.RecordingListener;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What keys and values mean, and how changes come, against one real etcd. */
class EtcdSourceIT {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final AtomicInteger PATHS = new AtomicInteger();

    private static EtcdServer etcd;

    private final String path = "/test" + PATHS.incrementAndGet() + "/redis";
    private final Etcd client = new Etcd();

    @BeforeAll
    static void startEtcd() {
        etcd = EtcdServer.start();
    }

    @AfterAll
    static void stopEtcd() {
        etcd.close();
    }

    @AfterEach
    void stopClient() {
        client.close();
    }

    private RecordingListener watch(String followed) throws Exception {
        return client.watch(Map.of("endpoints", etcd.address(), "path", followed));
    }

    private static void awaitAddresses(RecordingListener seen, String... expected) {
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(5))
                .untilAsserted(() ->
                        assertEquals(new TreeSet<>(Set.of(expected)), seen.addresses(), () -> "told: " + seen.all()));
    }

    @Test
    void everyKeyBelowThePathCountsAndNoSibling() throws Exception {
        etcd.put(path + "/6379/a", "10.0.0.1:6379");
        etcd.put(path + "/6379/b", "10.0.0.2:6379;weight=3");
        etcd.put(path + "/6379/json", "{\"ipaddress\": \"10.0.0.3\", \"host_port\": 6379, \"tags\": [\"blue\"]}");
        etcd.put(path + "/10.0.0.4:6379", "");
        etcd.put(path + "-2/x", "10.9.9.9:1");
        etcd.put(path + ".old", "10.9.9.9:2");
        etcd.put(path.substring(0, path.length() - 1), "10.9.9.9:3");
        try (RecordingListener seen = watch(path);
                RecordingListener below = watch(path + "/6379/")) {
            awaitAddresses(seen, "10.0.0.1:6379", "10.0.0.2:6379", "10.0.0.3:6379", "10.0.0.4:6379");
            awaitAddresses(below, "10.0.0.1:6379", "10.0.0.2:6379", "10.0.0.3:6379");
            assertTrue(
                    ((Known) seen.last())
                            .endpoints()
                            .contains(new Endpoint("10.0.0.3", 6379, 1, 0, "", Set.of("blue"), Map.of())),
                    () -> seen.last().toString());

            etcd.put(path + "-2/y", "10.9.9.9:4");
            etcd.put(path + "/6379/c", "10.0.0.5:6379");
            awaitAddresses(below, "10.0.0.1:6379", "10.0.0.2:6379", "10.0.0.3:6379", "10.0.0.5:6379");
            awaitAddresses(seen, "10.0.0.1:6379", "10.0.0.2:6379", "10.0.0.3:6379", "10.0.0.4:6379", "10.0.0.5:6379");
        }
    }

    @Test
    void thePathItselfMayHoldTheList() throws Exception {
        etcd.put(path, "10.0.0.1:1,10.0.0.2:2");
        try (RecordingListener seen = watch(path)) {
            awaitAddresses(seen, "10.0.0.1:1", "10.0.0.2:2");
            etcd.put(path, "10.0.0.3:3");
            awaitAddresses(seen, "10.0.0.3:3");
        }
    }

    @Test
    void putDeleteAndTheEndOfALeaseAreTold() throws Exception {
        etcd.put(path + "/a", "10.0.0.1:1");
        long lease = etcd.lease(3600);
        etcd.put(path + "/leased", "10.0.0.2:1", lease);
        try (RecordingListener seen = watch(path)) {
            awaitAddresses(seen, "10.0.0.1:1", "10.0.0.2:1");
            etcd.put(path + "/b", "10.0.0.3:1");
            awaitAddresses(seen, "10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1");
            etcd.put(path + "/b", "10.0.0.4:1");
            awaitAddresses(seen, "10.0.0.1:1", "10.0.0.2:1", "10.0.0.4:1");
            etcd.delete(path + "/a");
            awaitAddresses(seen, "10.0.0.2:1", "10.0.0.4:1");
            etcd.revoke(lease);
            awaitAddresses(seen, "10.0.0.4:1");
            etcd.put(path + "/dies", "10.0.0.5:1", etcd.lease(1));
            awaitAddresses(seen, "10.0.0.4:1", "10.0.0.5:1");
            awaitAddresses(seen, "10.0.0.4:1"); // by itself, as nobody renews the lease
        }
    }

    @Test
    void garbageIsLeftOutAndEmptiesNothing() throws Exception {
        etcd.put(path + "/good", "10.0.0.1:1");
        etcd.put(path + "/bad", "{\"ipaddress\":");
        etcd.put(path + "/worse", "\u0000\uffff");
        try (RecordingListener seen = watch(path)) {
            awaitAddresses(seen, "10.0.0.1:1");
            etcd.put(path + "/late", "no address");
            etcd.put(path + "/bad", "10.0.0.2:1");
            awaitAddresses(seen, "10.0.0.1:1", "10.0.0.2:1");
            etcd.put(path + "/good", "?");
            awaitAddresses(seen, "10.0.0.2:1");
            etcd.put(path + "/bad", "?");
            await().atMost(PATIENCE).until(() -> seen.last() instanceof Unreachable);
            String why = ((Unreachable) seen.last()).cause().getMessage();
            assertTrue(why.contains("none of the values") && why.contains(path + "/bad"), why);

            etcd.put(path + "/good", "10.0.0.1:1");
            awaitAddresses(seen, "10.0.0.1:1");
            assertFalse(
                    seen.all().stream()
                            .anyMatch(state -> state instanceof Known known
                                    && known.endpoints().isEmpty()),
                    () -> "told: " + seen.all());
        }
    }

    @Test
    void noKeyIsAbsentAndSaysWhere() throws Exception {
        try (RecordingListener seen = watch(path)) {
            await().atMost(PATIENCE).until(() -> seen.last() instanceof Absent);
            assertEquals("etcd has no key below " + path, ((Absent) seen.last()).reason());
            etcd.put(path + "/a", "10.0.0.1:1");
            awaitAddresses(seen, "10.0.0.1:1");
            etcd.delete(path + "/a");
            await().atMost(PATIENCE).until(() -> seen.last() instanceof Absent);
        }
    }

    @Test
    void hostNamesAmongTheValuesAreLookedUp() throws Exception {
        etcd.put(path + "/a", "localhost:1");
        try (RecordingListener seen =
                client.watch(Map.of("endpoints", "localhost:" + etcd.port(), "path", path, "family", "ipv4"))) {
            awaitAddresses(seen, "127.0.0.1:1");
        }
    }

    @Test
    void moreThanAPageIsReadWhole() throws Exception {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < 2_345; i++) {
            values.put(path + "/" + i, "10.1." + i / 250 + "." + (1 + i % 250) + ":1");
        }
        etcd.putAll(values);
        TreeSet<String> all = new TreeSet<>(values.values());
        try (RecordingListener seen = watch(path)) {
            await().atMost(PATIENCE).untilAsserted(() -> assertEquals(all, seen.addresses()));
        }
    }

    @Test
    void aPathOfTooManyKeysIsRefusedLoudly() throws Exception {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i <= Prefix.MAX_KEYS; i++) {
            values.put(path + "/" + i, "10.0.0.1:1");
        }
        try (RecordingListener seen = watch(path)) {
            await().atMost(PATIENCE).until(() -> seen.last() != null);
            etcd.putAll(values);
            await().atMost(PATIENCE).until(() -> seen.last() instanceof Unreachable);
            String why = ((Unreachable) seen.last()).cause().getMessage();
            assertTrue(why.contains("more than 10000"), why);
            try (RecordingListener later = watch(path)) {
                await().atMost(PATIENCE).until(() -> later.last() instanceof Unreachable);
            }
            etcd.delete(path + "/7");
            awaitAddresses(seen, "10.0.0.1:1");
        }
    }

    @Test
    void compactionWhileDisconnectedLosesNothing() throws Exception {
        etcd.put(path + "/a", "10.0.0.1:1");
        etcd.put(path + "/b", "10.0.0.2:1");
        try (RecordingListener seen = watch(path)) {
            awaitAddresses(seen, "10.0.0.1:1", "10.0.0.2:1");
            etcd.kill();
            await().atMost(PATIENCE).until(() -> seen.last() instanceof Unreachable);
            etcd.restart();
            etcd.delete(path + "/a");
            etcd.put(path + "/c", "10.0.0.3:1");
            etcd.put(path + "/c", "10.0.0.4:1");
            etcd.compact();
            awaitAddresses(seen, "10.0.0.2:1", "10.0.0.4:1");
            for (EndpointState state : seen.all()) {
                assertFalse(state instanceof Absent
                        || state instanceof Known known && known.endpoints().isEmpty());
            }
        }
    }

    @Test
    void aStreamThatIsOpenedLateSurvivesCompaction() throws Exception {
        etcd.put(path + "/a", "10.0.0.1:1");
        try (RecordingListener seen = watch(path)) {
            awaitAddresses(seen, "10.0.0.1:1");
            for (int i = 0; i < 50; i++) { // of other paths, so that what is known of this one grows old
                etcd.put(path + "-other", "x" + i);
            }
            etcd.compact();
            try (RecordingListener another = watch(path + "-other")) { // for which the stream is opened again
                await().atMost(PATIENCE).until(() -> another.last() != null);
                etcd.put(path + "/b", "10.0.0.2:1");
                awaitAddresses(seen, "10.0.0.1:1", "10.0.0.2:1");
            }
        }
    }
}
