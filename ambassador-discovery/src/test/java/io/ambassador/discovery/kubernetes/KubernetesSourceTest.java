package io.ambassador.discovery.kubernetes;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState.Absent;
import io.ambassador.spi.discovery.EndpointState.Known;
import io.ambassador.spi.discovery.EndpointState.Unreachable;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.ControlThread;
import io.ambassador.testkit.EndpointSourceContract;
import io.ambassador.testkit.RandomChanges;
import io.ambassador.testkit.RecordingListener;
import io.ambassador.testkit.ScriptedKubernetes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract, and what EndpointSlices mean, against a scripted API server: a real one cannot be had in a test. */
class KubernetesSourceTest extends EndpointSourceContract {
    private static final String PORT = "{\"name\": \"\", \"port\": 7001, \"protocol\": \"TCP\"}";
    private static final int CHANGES = Integer.getInteger("discovery.changes.random", 600);
    private static final int DISTURBANCES = Math.max(3, CHANGES / 500);

    private ControlThread control;
    private ScriptedKubernetes api;

    @TempDir
    Path folder;

    @BeforeEach
    void startControlThread() {
        control = new ControlThread();
    }

    @AfterEach
    void stopControlThread() {
        control.close();
    }

    @Override
    protected String type() {
        return "kubernetes";
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
        api = ScriptedKubernetes.start();
        return new MovingRegistry() {
            @Override
            public void set(Set<String> endpoints) {
                StringBuilder members = new StringBuilder();
                for (String endpoint : new TreeSet<>(endpoints)) {
                    members.append(members.isEmpty() ? "" : ",").append(ready(endpoint.split(":")[0]));
                }
                api.slice("redis-1", "redis", PORT, members.toString());
            }

            @Override
            public void breakDown() {
                api.stop();
            }

            @Override
            public void recover() {
                api.restart();
            }

            @Override
            public Map<String, ?> settings() {
                return Map.of("server", "http://127.0.0.1:" + api.port(), "namespace", "prod", "service", "redis");
            }

            @Override
            public void close() {
                api.close();
            }
        };
    }

    @Test
    void endpointsAreGatheredFromEverySlice() throws Exception {
        for (int i = 1; i <= 7; i++) { // more than a page
            api.slice("redis-" + i, "redis", PORT, ready("10.0.0." + i));
        }
        api.slice("redis-8", "redis", PORT, ready("10.0.0.1")); // as while they move from slice to slice
        api.slice("other-1", "other", PORT, ready("10.0.0.9"));
        try (RecordingListener seen = watch(Map.of())) {
            awaitAddresses(seen, addresses(1, 2, 3, 4, 5, 6, 7));
            api.removeSlice("redis-7");
            awaitAddresses(seen, addresses(1, 2, 3, 4, 5, 6));
            api.removeSlice("redis-1"); // its endpoint is in another, too
            api.slice("redis-2", "redis", PORT, ready("10.0.0.20"));
            awaitAddresses(seen, addresses(1, 20, 3, 4, 5, 6));
        }
    }

    @Test
    void conditionsDecide() throws Exception {
        String starting = member("10.0.0.2", "{\"ready\": false}");
        String ending = member("10.0.0.3", "{\"ready\": false, \"serving\": true, \"terminating\": true}");
        String ended = member("10.0.0.4", "{\"ready\": false, \"serving\": false, \"terminating\": true}");
        api.slice("redis-1", "redis", PORT, member("10.0.0.1", "{}") + "," + starting + "," + ending + "," + ended);
        try (RecordingListener seen = watch(Map.of())) {
            awaitAddresses(seen, addresses(1));
            api.slice("redis-1", "redis", PORT, starting + "," + ending + "," + ended);
            awaitAddresses(seen, addresses(3)); // better than nothing
            api.slice("redis-1", "redis", PORT, starting + "," + ended);
            awaitAddresses(seen, Set.of());
        }
    }

    @Test
    void portsHaveNamesAndNumbers() throws Exception {
        String ports =
                "{\"name\": \"web\", \"port\": 8080}, {\"name\": \"admin\", \"port\": 80, \"protocol\": \"TCP\"},"
                        + " {\"name\": \"dns\", \"port\": 53, \"protocol\": \"UDP\"}";
        api.service("redis", "{\"name\": \"web\", \"port\": 80}, {\"name\": \"admin\", \"port\": 81}");
        api.slice("redis-1", "redis", ports, ready("10.0.0.1"));
        try (RecordingListener byName = watch(Map.of("port", "admin"));
                RecordingListener byNumber = watch(Map.of("port", "80"));
                RecordingListener byTarget = watch(Map.of("port", "8080"));
                RecordingListener unknown = watch(Map.of("port", "dns"));
                RecordingListener unnamed = watch(Map.of())) {
            awaitAddresses(byName, Set.of("10.0.0.1:80"));
            awaitAddresses(byNumber, Set.of("10.0.0.1:8080")); // the Service's own numbers come first
            awaitAddresses(byTarget, Set.of("10.0.0.1:8080"));
            await().atMost(patience()).until(() -> unknown.last() instanceof Unreachable);
            assertEquals("kubernetes://prod/redis:dns: it has no such port (known: admin, web)", message(unknown));
            await().atMost(patience()).until(() -> unnamed.last() instanceof Unreachable);
            assertTrue(message(unnamed).contains("it has not one port, but 2"), message(unnamed));
        }
        api.mayReadServices(false);
        try (RecordingListener byNumber = watch(Map.of("port", "80"))) {
            awaitAddresses(byNumber, Set.of("10.0.0.1:80"));
        }
    }

    @Test
    void zonesAndNamesComeAlong() throws Exception {
        api.slice(
                "redis-1",
                "redis",
                PORT,
                "{\"addresses\": [\"10.0.0.1\", \"10.0.0.9\"], \"zone\": \"eu-1a\", \"nodeName\": \"n1\","
                        + " \"targetRef\": {\"kind\": \"Pod\", \"name\": \"redis-0\"}}");
        try (RecordingListener seen = watch(Map.of())) {
            awaitAddresses(seen, addresses(1));
            assertEquals(
                    Set.of(new Endpoint(
                            "10.0.0.1", 7001, 1, 0, "eu-1a", Set.of(), Map.of("node", "n1", "pod", "redis-0"))),
                    ((Known) seen.last()).endpoints());
        }
    }

    @Test
    void aServiceThatIsNotThereIsAbsent() throws Exception {
        api.removeSlice("redis-1");
        try (RecordingListener seen = watch(Map.of())) {
            await().atMost(patience()).until(() -> seen.last() instanceof Absent);
            assertEquals(new Absent("Kubernetes has no service prod/redis"), seen.last());
            api.slice("redis-1", "redis", PORT, ready("10.0.0.1"));
            awaitAddresses(seen, addresses(1));
        }
        api.removeSlice("redis-1");
        api.service("redis", "{\"port\": 7001}");
        try (RecordingListener seen = watch(Map.of())) {
            await().atMost(patience()).until(() -> seen.last() instanceof Known);
            assertEquals(Set.of(), seen.addresses());
        }
    }

    @Test
    void aVersionThatIsForgottenMeansANewList() throws Exception {
        try (RecordingListener seen = watch(Map.of())) {
            await().atMost(patience()).until(() -> !seen.addresses().isEmpty());
            for (int i = 1; i <= 4; i++) {
                int before = lists();
                api.stop();
                api.slice("redis-1", "redis", PORT, ready("10.0.0." + i));
                api.compact();
                api.restart();
                awaitAddresses(seen, addresses(i));
                assertTrue(lists() > 0, "a new list, not " + before);
            }
        }
    }

    @Test
    void aWatchThatBreaksGoesOnWhereItWas() throws Exception {
        try (RecordingListener seen = watch(Map.of())) {
            await().atMost(patience()).until(() -> !seen.addresses().isEmpty());
            await().atMost(patience()).until(() -> watches() == 1);
            api.stop();
            api.restart();
            api.slice("redis-1", "redis", PORT, ready("10.0.0.1"));
            awaitAddresses(seen, addresses(1));
            assertEquals(0, lists());
            assertTrue(
                    seen.all().stream().noneMatch(state -> state instanceof Unreachable),
                    seen.all().toString());
            api.endWatches();
            await().atMost(patience()).until(() -> lists() == 1); // one that has ended begins with a new list
        }
    }

    @Test
    void anApiServerThatHangsIsNoticed() throws Exception {
        try (RecordingListener seen = watch(Map.of())) {
            await().atMost(patience()).until(() -> !seen.addresses().isEmpty());
            api.freeze();
            await().atMost(Duration.ofSeconds(40)).until(() -> seen.last() instanceof Unreachable);
            api.slice("redis-1", "redis", PORT, ready("10.0.0.1"));
            api.thaw();
            awaitAddresses(seen, addresses(1));
        }
    }

    @Test
    void nothingIsMissedOrInvented() throws Exception {
        long seed = System.nanoTime();
        for (int slice = 0; slice < 50; slice++) {
            api.removeSlice("redis-" + slice);
        }
        try (RecordingListener seen = watch(Map.of())) {
            Set<String> expected = RandomChanges.make(new EachItsSlice(api, seen), CHANGES, DISTURBANCES, seed);
            long changed = System.nanoTime();

            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertEquals(expected, seen.addresses(), () -> "seed " + seed));
            System.out.printf(
                    "measured: Kubernetes (scripted), %d changes, %d restarts or ends of watches: right %d ms after the"
                            + " last; %d states told%n",
                    CHANGES,
                    DISTURBANCES,
                    (System.nanoTime() - changed) / 1_000_000,
                    seen.all().size());
        }
    }

    @Test
    void insideAClusterTheServiceAccountIsUsed() throws Exception {
        Certificates authority = Certificates.in(folder);
        Path account = Files.createDirectory(folder.resolve("account"));
        Files.copy(authority.ca(), account.resolve("ca.crt"));
        Files.writeString(account.resolve("token"), "s3cret-1\n");
        try (ScriptedKubernetes secured = ScriptedKubernetes.startTls(authority.server("127.0.0.1"))) {
            secured.token("s3cret-1");
            secured.slice("redis-1", "redis", PORT, ready("10.0.0.1"));
            InCluster cluster = new InCluster(
                    Map.of(
                            "KUBERNETES_SERVICE_HOST",
                            "127.0.0.1",
                            "KUBERNETES_SERVICE_PORT",
                            Integer.toString(secured.port())),
                    account);
            try (RecordingListener seen = watch(cluster, Map.of("namespace", "prod", "service", "redis"))) {
                awaitAddresses(seen, addresses(1));
                secured.token("s3cret-2");
                secured.slice("redis-1", "redis", PORT, ready("10.0.0.2"));
                secured.endWatches(); // the next list shows the old token
                await().atMost(patience())
                        .until(() -> seen.last() instanceof Unreachable
                                || seen.addresses().equals(addresses(2)));
                Files.writeString(account.resolve("token"), "s3cret-2\n");
                awaitAddresses(seen, addresses(2));
                assertFalse(seen.all().toString().contains("s3cret"), seen.all().toString());
            }
        }
    }

    @Test
    void outsideOfAClusterAServerMustBeNamed() {
        InCluster nowhere = new InCluster(Map.of(), folder);
        try (RecordingListener seen = watch(nowhere, Map.of("namespace", "prod", "service", "redis"))) {
            await().atMost(patience()).until(() -> seen.last() instanceof Unreachable);
            assertTrue(message(seen).contains("KUBERNETES_SERVICE_HOST is not set"), message(seen));
        }
    }

    private static String ready(String address) {
        return member(address, "{\"ready\": true, \"serving\": true, \"terminating\": false}");
    }

    private static String member(String address, String conditions) {
        return "{\"addresses\": [\"" + address + "\"], \"conditions\": " + conditions + "}";
    }

    private static Set<String> addresses(int... last) {
        Set<String> addresses = new TreeSet<>();
        for (int each : last) {
            addresses.add("10.0.0." + each + ":7001");
        }
        return addresses;
    }

    private static String message(RecordingListener seen) {
        return ((Unreachable) seen.last()).cause().getMessage();
    }

    private int lists() {
        return (int) api.calls().stream()
                .filter(call -> call.contains("endpointslices") && !call.contains("watch=1"))
                .count();
    }

    private int watches() {
        return (int)
                api.calls().stream().filter(call -> call.contains("watch=1")).count();
    }

    private RecordingListener watch(Map<String, ?> more) {
        Map<String, Object> values = new HashMap<>(
                Map.of("server", "http://127.0.0.1:" + api.port(), "namespace", "prod", "service", "redis"));
        values.putAll(more);
        return watch(new InCluster(Map.of(), folder), values);
    }

    private RecordingListener watch(InCluster cluster, Map<String, ?> values) {
        Settings settings = Settings.of("discovery", values);
        KubernetesProvider provider = new KubernetesProvider();
        KubernetesConfig config = provider.parse(settings);
        settings.refuseUnknownKeys();
        assertEquals(List.of(), settings.problems());
        return RecordingListener.watch(provider.create(config, control.scheduler(), cluster));
    }

    /** Each key is a slice with one endpoint. */
    private record EachItsSlice(ScriptedKubernetes api, RecordingListener seen) implements RandomChanges.Registry {
        @Override
        public void put(int key, String endpoint) {
            String[] parts = endpoint.split(":");
            api.slice("redis-" + key, "redis", "{\"name\": \"\", \"port\": " + parts[1] + "}", ready(parts[0]));
        }

        @Override
        public void delete(int key) {
            api.removeSlice("redis-" + key);
        }

        @Override
        public void settle(Set<String> expected) {
            await().atMost(Duration.ofSeconds(20))
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> seen.addresses().equals(expected));
        }

        @Override
        public void disturb(int time) {
            if (time % 3 == 0) {
                api.endWatches();
            } else {
                api.stop();
                if (time % 3 == 1) {
                    api.compact();
                }
                api.restart();
            }
        }
    }
}
