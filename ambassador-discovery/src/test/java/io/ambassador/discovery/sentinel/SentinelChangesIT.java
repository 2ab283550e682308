package io.ambassador.discovery.sentinel;

import static io.ambassador.testkit.SentinelServer.MASTER;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState.Known;
import io.ambassador.testkit.ControlThread;
import io.ambassador.testkit.RecordingListener;
import io.ambassador.testkit.RedisServer;
import io.ambassador.testkit.SentinelServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * A real sentinel that is told to fail over, to forget its primary, to monitor another and to judge otherwise, and is
 * killed and restarted; real servers that are moved from one primary to the other: in the end the source knows who is
 * what by the servers' own word. {@code -Dsentinel.changes=1000} for many, {@code -Dsentinel.seed} for the same again.
 */
class SentinelChangesIT {
    private static final int CHANGES = Integer.getInteger("sentinel.changes", 40);
    private static final int RESTARTS = Math.max(1, CHANGES / 200);
    private static final long SEED = Long.getLong("sentinel.seed", System.nanoTime());
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Random random = new Random(SEED);
    private final ControlThread control = new ControlThread();

    /** Two primaries, each with its replicas; the first of a list is the primary. */
    private final List<List<RedisServer>> groups = List.of(new ArrayList<>(), new ArrayList<>());

    private SentinelServer sentinel;
    private int monitored; // -1 for none
    private int failOvers;
    private long slowestMillis;

    @Test
    void whoIsWhatIsKnownInTheEnd() throws Exception {
        try {
            for (List<RedisServer> group : groups) {
                group.add(server());
                add(group, server());
            }
            sentinel = SentinelServer.of(groups.get(0).get(0).port()).start();
            try (RecordingListener seen = watch()) {
                for (int i = 1; i <= CHANGES; i++) {
                    change();
                    if (i % (CHANGES / (RESTARTS + 1)) == 0) {
                        sentinel.kill();
                        sentinel.restart();
                        awaitOracle(seen);
                    } else if (i % 10 == 0) {
                        awaitOracle(seen);
                    }
                }
                awaitOracle(seen);
                System.out.printf(
                        "measured: Sentinel, %d changes, %d of them fail-overs, %d restarts: right %d ms later at"
                                + " worst; %d states told%n",
                        CHANGES, failOvers, RESTARTS, slowestMillis, seen.all().size());
            }
        } finally {
            if (sentinel != null) {
                sentinel.close();
            }
            groups.forEach(group -> group.forEach(RedisServer::close));
            control.close();
        }
    }

    private static RedisServer server() {
        return RedisServer.builder().setting("repl-ping-replica-period", "1").start();
    }

    private RecordingListener watch() {
        SentinelProvider provider = new SentinelProvider();
        Settings settings =
                Settings.of("discovery", Map.of("addresses", List.of(sentinel.address()), "master", MASTER));
        return RecordingListener.watch(provider.create(provider.parse(settings), control.scheduler()));
    }

    private void change() {
        int kind = random.nextInt(40);
        if (kind == 0 && monitored >= 0 && groups.get(monitored).size() > 1) {
            failOver(groups.get(monitored));
        } else if (kind < 8 && monitored >= 0) {
            sentinel.command("SENTINEL", "SET", MASTER, "quorum", Integer.toString(1 + random.nextInt(3)));
        } else if (monitored >= 0) {
            sentinel.command("SENTINEL", "REMOVE", MASTER);
            monitored = -1;
        } else if (kind < 12) {
            moveReplica(random.nextInt(2));
        } else {
            monitored = random.nextInt(2);
            sentinel.monitor(groups.get(monitored).get(0).port());
        }
    }

    private void failOver(List<RedisServer> group) {
        awaitKnown(group); // to the sentinel, which needs a replica for it
        sentinel.command("SENTINEL", "FAILOVER", MASTER);
        RedisServer old = group.get(0);
        await().atMost(PATIENCE).until(() -> primary() != old.port());
        int elected = primary();
        RedisServer next = group.stream()
                .filter(server -> server.port() == elected)
                .findFirst()
                .orElseThrow();
        group.remove(next);
        group.add(0, next);
        group.subList(1, group.size()).forEach(replica -> awaitLink(next, replica));
        failOvers++;
    }

    private int primary() {
        List<?> address = (List<?>) sentinel.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER);
        return Integer.parseInt(address.get(1).toString());
    }

    private void awaitKnown(List<RedisServer> group) {
        await().atMost(PATIENCE).until(() -> sentinel.readyReplicas() == group.size() - 1);
    }

    /** Nobody is monitored now who would set it right. */
    private void moveReplica(int from) {
        List<RedisServer> group = groups.get(from);
        if (group.size() > 1) {
            add(groups.get(1 - from), group.remove(1 + random.nextInt(group.size() - 1)));
        }
    }

    private static void add(List<RedisServer> group, RedisServer replica) {
        RedisServer primary = group.get(0);
        replica.command("REPLICAOF", "127.0.0.1", Integer.toString(primary.port()));
        group.add(replica);
        awaitLink(primary, replica);
    }

    /** So that the primary names it. */
    private static void awaitLink(RedisServer primary, RedisServer replica) {
        await().atMost(PATIENCE).until(() -> {
            String info = (String) primary.command("INFO", "replication");
            return info.contains("port=" + replica.port() + ",state=online");
        });
    }

    private void awaitOracle(RecordingListener seen) {
        Map<String, String> expected = new TreeMap<>();
        if (monitored >= 0) {
            for (RedisServer server : groups.get(monitored)) {
                boolean primary = ((List<?>) server.command("ROLE")).get(0).equals("master");
                expected.put("127.0.0.1:" + server.port(), primary ? "primary" : "replica");
            }
        }
        long since = System.nanoTime();
        await().atMost(PATIENCE).untilAsserted(() -> assertEquals(expected, roles(seen), () -> "seed " + SEED));
        slowestMillis = Math.max(slowestMillis, (System.nanoTime() - since) / 1_000_000);
    }

    private static Map<String, String> roles(RecordingListener seen) {
        Map<String, String> roles = new TreeMap<>();
        if (seen.last() instanceof Known known) {
            known.endpoints()
                    .forEach(endpoint ->
                            roles.put(endpoint.address(), endpoint.metadata().get(Endpoint.ROLE)));
        }
        return roles;
    }
}
