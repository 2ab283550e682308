package io.ambassador.discovery.consul;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.testkit.ConsulServer;
import io.ambassador.testkit.ControlThread;
import io.ambassador.testkit.RandomChanges;
import io.ambassador.testkit.RecordingListener;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Many changes and some restarts of a real agent end in what is registered. */
class ConsulChangesIT {
    private static final int CHANGES = Integer.getInteger("discovery.changes.random", 400);
    private static final int RESTARTS = Math.max(2, CHANGES / 1_000);

    @Test
    void nothingIsMissedOrInvented() throws Exception {
        long seed = System.nanoTime();
        try (ConsulServer consul = ConsulServer.start();
                ControlThread control = new ControlThread();
                RecordingListener services = RecordingListener.watch(services(consul, control));
                RecordingListener keys = RecordingListener.watch(keys(consul, control))) {
            Set<String> expected = RandomChanges.make(new Both(consul), CHANGES, RESTARTS, seed);
            long changed = System.nanoTime();

            await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
                assertEquals(expected, services.addresses(), () -> "services, seed " + seed);
                assertEquals(expected, keys.addresses(), () -> "keys, seed " + seed);
            });
            System.out.printf(
                    "measured: %d changes, %d restarts: right %d ms after the last; %d and %d states told%n",
                    CHANGES,
                    RESTARTS,
                    (System.nanoTime() - changed) / 1_000_000,
                    services.all().size(),
                    keys.all().size());
        }
    }

    private static EndpointSource services(ConsulServer consul, ControlThread control) {
        ConsulProvider provider = new ConsulProvider();
        return provider.create(
                provider.parse(Settings.of("discovery", Map.of("address", consul.address(), "service", "s"))),
                control.scheduler());
    }

    private static EndpointSource keys(ConsulServer consul, ControlThread control) {
        ConsulKvProvider provider = new ConsulKvProvider();
        return provider.create(
                provider.parse(Settings.of("discovery", Map.of("address", consul.address(), "path", "k"))),
                control.scheduler());
    }

    /** The same in services and in keys. */
    private record Both(ConsulServer consul) implements RandomChanges.Registry {
        @Override
        public void put(int key, String endpoint) {
            String[] parts = endpoint.split(":");
            consul.register("{\"Name\": \"s\", \"ID\": \"s%d\", \"Address\": \"%s\", \"Port\": %s}"
                    .formatted(key, parts[0], parts[1]));
            consul.put("k/" + key, endpoint);
        }

        @Override
        public void delete(int key) {
            consul.deregister("s" + key);
            consul.delete("k/" + key);
        }

        @Override
        public void disturb(int time) {
            consul.kill();
            consul.restart();
        }
    }
}
