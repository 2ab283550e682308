package io.ambassador.discovery.etcd;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.ambassador.spi.discovery.EndpointState.Absent;
import io.ambassador.spi.discovery.EndpointState.Known;
import io.ambassador.spi.discovery.EndpointState.Unreachable;
import io.ambassador.testkit.EtcdServer;
import io.ambassador.testkit.RecordingListener;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Three members, of which one is stopped, killed, or without a leader. */
class EtcdClusterIT {
    private static final Duration PATIENCE = Duration.ofSeconds(40);
    private static final String PATH = "/services/redis";

    private final Etcd client = new Etcd();
    private static List<EtcdServer> members;

    @BeforeAll
    static void startCluster() {
        members = EtcdServer.cluster(3);
    }

    @AfterAll
    static void stopCluster() {
        members.forEach(EtcdServer::close);
    }

    @AfterEach
    void forget() {
        client.close();
        members.forEach(EtcdServer::resume);
        await().atMost(PATIENCE).ignoreExceptions().until(() -> {
            members.get(0).deleteAll("/");
            return true;
        });
    }

    private RecordingListener watch() throws Exception {
        return client.watch(
                Map.of("endpoints", members.stream().map(EtcdServer::address).toList(), "path", PATH));
    }

    private static void awaitAddresses(RecordingListener seen, String... expected) {
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertEquals(Set.of(expected), seen.addresses(), () -> "told: " + seen.all()));
    }

    private static void assertNeverEmpty(RecordingListener seen) {
        assertFalse(
                seen.all().stream()
                        .anyMatch(state -> state instanceof Absent
                                || state instanceof Known known
                                        && known.endpoints().isEmpty()),
                () -> "told: " + seen.all());
    }

    private EtcdServer other(EtcdServer... than) {
        return members.stream()
                .filter(member -> !List.of(than).contains(member))
                .findFirst()
                .orElseThrow();
    }

    private EtcdServer watched() {
        return members.stream()
                .filter(member -> member.watches() > 0)
                .findFirst()
                .orElseThrow();
    }

    /** Retried, since a cluster that elects refuses for a moment. */
    private static void put(EtcdServer member, String key, String value) {
        await().atMost(PATIENCE).ignoreExceptions().until(() -> {
            member.put(key, value);
            return true;
        });
    }

    @Test
    void theLeaderIsStopped() throws Exception {
        members.get(0).put(PATH + "/a", "10.0.0.1:1");
        try (RecordingListener seen = watch()) {
            awaitAddresses(seen, "10.0.0.1:1");
            EtcdServer leader =
                    members.stream().filter(EtcdServer::isLeader).findFirst().orElseThrow();
            leader.pause();
            put(other(leader), PATH + "/b", "10.0.0.2:1");
            awaitAddresses(seen, "10.0.0.1:1", "10.0.0.2:1");
            leader.resume();
            put(leader, PATH + "/c", "10.0.0.3:1");
            awaitAddresses(seen, "10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1");
            assertNeverEmpty(seen);
        }
    }

    @Test
    void theWatchedMemberIsStoppedThenKilled() throws Exception {
        members.get(0).put(PATH + "/a", "10.0.0.1:1");
        try (RecordingListener seen = watch()) {
            awaitAddresses(seen, "10.0.0.1:1");
            EtcdServer first = watched();
            first.pause();
            put(other(first), PATH + "/b", "10.0.0.2:1");
            awaitAddresses(seen, "10.0.0.1:1", "10.0.0.2:1");
            first.resume();
            EtcdServer second = other(first);
            second = second.watches() > 0 ? second : other(first, second);
            second.kill();
            put(other(second), PATH + "/c", "10.0.0.3:1");
            awaitAddresses(seen, "10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1");
            second.restart();
            assertNeverEmpty(seen);
            assertFalse(
                    seen.all().stream().anyMatch(Unreachable.class::isInstance),
                    () -> "the others served: " + seen.all());
        }
    }

    @Test
    void theWatchedMemberLosesItsLeaderAndFindsAnother() throws Exception {
        members.get(0).put(PATH + "/a", "10.0.0.1:1");
        try (RecordingListener seen = watch()) {
            awaitAddresses(seen, "10.0.0.1:1");
            EtcdServer left = watched();
            List<EtcdServer> others =
                    members.stream().filter(member -> member != left).toList();
            others.forEach(EtcdServer::pause);
            await().atMost(PATIENCE).until(() -> seen.last() instanceof Unreachable);
            others.forEach(EtcdServer::resume);
            awaitAddresses(seen, "10.0.0.1:1");
            put(left, PATH + "/b", "10.0.0.2:1");
            awaitAddresses(seen, "10.0.0.1:1", "10.0.0.2:1");
            assertNeverEmpty(seen);
        }
    }
}
