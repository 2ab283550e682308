package io.ambassador.discovery.consul;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ambassador.spi.discovery.EndpointState.Absent;
import io.ambassador.testkit.ConsulServer;
import io.ambassador.testkit.EndpointSourceContract;
import io.ambassador.testkit.RecordingListener;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The contract, and what keys and values mean, against a real agent. */
class ConsulKvSourceIT extends EndpointSourceContract {
    private static ConsulServer consul;
    private static int tests;

    private String folder;

    @BeforeAll
    static void startConsul() {
        consul = ConsulServer.start();
    }

    @AfterAll
    static void stopConsul() {
        consul.close();
    }

    @Override
    protected String type() {
        return "consul-kv";
    }

    @Override
    protected Duration patience() {
        return Duration.ofSeconds(20);
    }

    @Override
    protected Set<String> ownThreads() {
        return Set.of("ambassador-registry");
    }

    @Override
    protected MovingRegistry startRegistry() {
        folder = "services/redis" + tests++;
        return new MovingRegistry() {
            @Override
            public void set(Set<String> endpoints) {
                consul.put(folder, String.join(",", endpoints));
            }

            @Override
            public void breakDown() {
                consul.kill();
            }

            @Override
            public void recover() {
                consul.restart();
            }

            @Override
            public Map<String, ?> settings() {
                return Map.of("address", consul.address(), "path", folder);
            }

            @Override
            public void close() {
                if (!consul.isAlive()) {
                    consul.restart();
                }
                consul.delete("services?recurse=true");
            }
        };
    }

    @Test
    void childrenComeBeforeTheFoldersOwnValue() throws Exception {
        consul.put(folder, "10.0.0.9:1");
        try (RecordingListener seen = RecordingListener.watch(source())) {
            awaitAddresses(seen, Set.of("10.0.0.9:1"));
            consul.put(folder + "/a", "10.0.0.1:1;weight=3");
            awaitAddresses(seen, Set.of("10.0.0.1:1"));
            consul.put(folder + "/b", "{\"ipaddress\": \"10.0.0.2\", \"host_port\": \"2\", \"tags\": [\"blue\"]}");
            awaitAddresses(seen, Set.of("10.0.0.1:1", "10.0.0.2:2"));
            consul.put(folder + "/b", "no endpoint"); // the other goes on being used
            awaitAddresses(seen, Set.of("10.0.0.1:1"));
            consul.delete(folder + "/b");
            consul.delete(folder + "/a");
            awaitAddresses(seen, Set.of("10.0.0.9:1"));
        }
    }

    @Test
    void siblingsAndGrandchildrenDoNotCount() throws Exception {
        consul.put(folder + "/a", "10.0.0.1:1");
        consul.put(folder + "-2/a", "10.0.0.2:1");
        consul.put(folder + "2", "10.0.0.3:1");
        consul.put(folder + "/deeper/a", "10.0.0.4:1");
        consul.put(folder + "/", "");
        try (RecordingListener seen = RecordingListener.watch(source())) {
            awaitAddresses(seen, Set.of("10.0.0.1:1"));
            consul.put(folder + "-2/b", "10.0.0.5:1");
            consul.put(folder + "/a", "10.0.0.6:1");
            awaitAddresses(seen, Set.of("10.0.0.6:1"));
            assertEquals(2, seen.all().size(), seen.all().toString());
        }
    }

    @Test
    void aKeyThatIsGoneIsAbsent() throws Exception {
        try (RecordingListener seen = RecordingListener.watch(source())) {
            await().atMost(patience()).until(() -> !seen.addresses().isEmpty());
            consul.put(folder + "-2", "10.0.0.2:1");
            consul.delete(folder);
            await().atMost(patience()).until(() -> seen.last() instanceof Absent);
            assertEquals(new Absent("Consul has no key " + folder), seen.last());
            consul.put(folder, "10.0.0.1:1");
            awaitAddresses(seen, Set.of("10.0.0.1:1"));
        }
    }
}
