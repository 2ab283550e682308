package io.ambassador.discovery.zookeeper;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointState.Unreachable;
import io.ambassador.testkit.ControlThread;
import io.ambassador.testkit.RandomChanges;
import io.ambassador.testkit.RecordingListener;
import io.ambassador.testkit.ZooKeeperServer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Many changes, restarts and expired sessions of a real server end in what is written there. */
class ZooKeeperChangesIT {
    private static final int CHANGES = Integer.getInteger("discovery.changes.random", 400);
    private static final int DISTURBANCES = Math.max(2, CHANGES / 1_000);

    @Test
    void nothingIsMissedOrInvented() throws Exception {
        long seed = System.nanoTime();
        try (ZooKeeperServer server = ZooKeeperServer.start();
                Writer writer = Writer.to(server);
                ControlThread control = new ControlThread();
                RecordingListener data = RecordingListener.watch(source(server, control, "/data"));
                RecordingListener names = RecordingListener.watch(source(server, control, "/names"))) {
            Set<String> expected =
                    RandomChanges.make(new Both(server, writer, names, new String[50]), CHANGES, DISTURBANCES, seed);
            long changed = System.nanoTime();

            await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
                assertEquals(expected, data.addresses(), () -> "data, seed " + seed);
                assertEquals(expected, names.addresses(), () -> "names, seed " + seed);
            });
            System.out.printf(
                    "measured: %d changes, %d disturbances: right %d ms after the last; %d and %d states told%n",
                    CHANGES,
                    DISTURBANCES,
                    (System.nanoTime() - changed) / 1_000_000,
                    data.all().size(),
                    names.all().size());
        }
    }

    private static EndpointSource source(ZooKeeperServer server, ControlThread control, String path) {
        ZooKeeperProvider provider = new ZooKeeperProvider();
        return provider.create(
                provider.parse(Settings.of(
                        "discovery",
                        Map.of("servers", List.of(server.address()), "path", path, "session-timeout", "1s"))),
                control.scheduler());
    }

    /** The same in the data of nodes and in their names. */
    private record Both(ZooKeeperServer server, Writer writer, RecordingListener seen, String[] written)
            implements RandomChanges.Registry {
        @Override
        public void put(int key, String endpoint) throws Exception {
            writer.put("/data/" + key, endpoint);
            writer.put("/names/" + endpoint, "");
            if (written[key] != null) {
                writer.delete("/names/" + written[key]);
            }
            written[key] = endpoint;
        }

        @Override
        public void delete(int key) throws Exception {
            writer.delete("/data/" + key);
            writer.delete("/names/" + written[key]);
            written[key] = null;
        }

        @Override
        public void disturb(int time) {
            if (time % 2 == 0) {
                server.kill();
                server.restart();
            } else {
                server.pause(); // for longer than a session of 1 s
                await().atMost(Duration.ofSeconds(30)).until(() -> seen.last() instanceof Unreachable);
                server.resume();
            }
        }
    }
}
