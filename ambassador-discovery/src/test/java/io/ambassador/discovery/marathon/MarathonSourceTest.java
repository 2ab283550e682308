package io.ambassador.discovery.marathon;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState.Absent;
import io.ambassador.spi.discovery.EndpointState.Known;
import io.ambassador.spi.discovery.EndpointState.Unreachable;
import io.ambassador.testkit.ControlThread;
import io.ambassador.testkit.EndpointSourceContract;
import io.ambassador.testkit.RandomChanges;
import io.ambassador.testkit.RecordingListener;
import io.ambassador.testkit.ScriptedMarathon;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The contract, and what apps and tasks mean, against a scripted Marathon: a real one cannot be had in a test. */
class MarathonSourceTest extends EndpointSourceContract {
    private static final String APP = "/prod/redis";
    private static final String ONE_PORT = "\"version\": \"v1\", \"portDefinitions\": [{\"port\": 10000}]";
    private static final String CHECKED = ONE_PORT + ", \"healthChecks\": [{\"path\": \"/\"}, {\"path\": \"/b\"}]";
    private static final int CHANGES = Integer.getInteger("discovery.changes.random", 600);
    private static final int DISTURBANCES = Math.max(3, CHANGES / 500);

    private ControlThread control;
    private ScriptedMarathon master;

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
        return "marathon";
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
        master = ScriptedMarathon.start();
        return new MovingRegistry() {
            @Override
            public void set(Set<String> endpoints) {
                master.app(APP, ONE_PORT);
                master.tasks(APP, tasks(new TreeSet<>(endpoints).toArray(new String[0])));
            }

            @Override
            public void breakDown() {
                master.stop();
            }

            @Override
            public void recover() {
                master.restart();
            }

            @Override
            public Map<String, ?> settings() {
                return Map.of("addresses", List.of(master.address()), "app", APP);
            }

            @Override
            public void close() {
                master.close();
            }
        };
    }

    @Test
    void aPortIsToldByItsNumberInTheContainerItsNameOrItsIndex() throws Exception {
        master.app(
                APP,
                "\"networks\": [{\"mode\": \"container/bridge\"}], \"container\": {\"portMappings\": ["
                        + "{\"containerPort\": 53, \"hostPort\": 0, \"protocol\": \"udp\"},"
                        + "{\"containerPort\": 80, \"hostPort\": 0, \"name\": \"web\", \"protocol\": \"tcp\"},"
                        + "{\"containerPort\": 53, \"hostPort\": 0, \"name\": \"dns\", \"protocol\": \"udp,tcp\"}]}");
        master.tasks(APP, task("10.0.0.1", "31000, 31001, 31002", ""));
        try (RecordingListener number = watch(Map.of("port", "80"));
                RecordingListener name = watch(Map.of("port", "dns"));
                RecordingListener both = watch(Map.of("port", "53"));
                RecordingListener index = watch(Map.of("port-index", 1));
                RecordingListener udp = watch(Map.of("port-index", 0));
                RecordingListener onHost = watch(Map.of("port", "31001"));
                RecordingListener untold = watch(Map.of())) {
            awaitAddresses(number, Set.of("10.0.0.1:31001"));
            awaitAddresses(name, Set.of("10.0.0.1:31002"));
            awaitAddresses(both, Set.of("10.0.0.1:31002"));
            awaitAddresses(index, Set.of("10.0.0.1:31001"));
            assertProblem(udp, "app /prod/redis has no TCP port of index 0 (known: dns, web)");
            assertProblem(onHost, "app /prod/redis has no TCP port 31001 (known: dns, web)");
            assertProblem(untold, "app /prod/redis has not one TCP port, but 2 (known: dns, web). Say which: port");
        }
    }

    @Test
    void olderAppsHaveTheirPortsElsewhere() throws Exception {
        master.app("/docker", "\"container\": {\"docker\": {\"portMappings\": [{\"containerPort\": 8080}]}}");
        master.tasks("/docker", task("10.0.0.1", "31000", ""));
        master.app("/host", "\"ports\": [10000, 10001]");
        master.tasks("/host", task("10.0.0.1", "31000, 31001", ""));
        try (RecordingListener docker = watch(Map.of("app", "docker", "port", "8080"));
                RecordingListener host = watch(Map.of("app", "/host", "port", "10001"))) {
            awaitAddresses(docker, Set.of("10.0.0.1:31000"));
            awaitAddresses(host, Set.of("10.0.0.1:31001"));
        }
    }

    @Test
    void aTaskWithAnAddressOfItsOwnIsReachedThere() throws Exception {
        master.app(
                APP,
                "\"networks\": [{\"mode\": \"container\", \"name\": \"weave\"}], \"container\": {\"portMappings\": ["
                        + "{\"containerPort\": 80, \"hostPort\": null}, {\"containerPort\": 81, \"hostPort\": 0}]}");
        master.tasks(
                APP,
                task("10.0.0.1", "31000", ", \"ipAddresses\": [{\"ipAddress\": \"172.16.0.7\"}]") + ","
                        + task("10.0.0.2", "31000", ", \"ipAddresses\": []"));
        try (RecordingListener inside = watch(Map.of("port", "80"));
                RecordingListener onHost = watch(Map.of("port", "81"))) {
            awaitAddresses(inside, Set.of("172.16.0.7:80")); // the other one has no address yet
            awaitAddresses(onHost, Set.of("10.0.0.1:31000", "10.0.0.2:31000"));
        }
    }

    @Test
    void onlyTasksThatRunCount() throws Exception {
        try (RecordingListener seen = watch(Map.of())) {
            master.tasks(
                    APP,
                    task("10.0.0.1", "1", ", \"state\": \"TASK_RUNNING\"") + ","
                            + task("10.0.0.2", "", ", \"state\": \"TASK_STAGING\"") + ","
                            + task("10.0.0.3", "1", ", \"state\": \"TASK_KILLING\"") + ","
                            + task("10.0.0.4", "1", ", \"state\": \"TASK_UNREACHABLE\""));
            awaitAddresses(seen, Set.of("10.0.0.1:1"));
            master.tasks(APP, "");
            await().atMost(patience()).untilAsserted(() -> assertEquals(new Known(Set.of()), seen.last()));
        }
    }

    @Test
    void whereThereAreChecksEachMustHavePassed() throws Exception {
        master.app(APP, CHECKED);
        String mixed = checked("10.0.0.1", "v1", "true", "true") + ","
                + checked("10.0.0.2", "v1", "true", "false") + ","
                + checked("10.0.0.3", "v1", "true") + "," // the other has not been made yet
                + checked("10.0.0.4", "v1") + ","
                + task("10.0.0.5", "1", ", \"version\": \"v1\", \"healthCheckResults\": [null, null]") + ","
                + checked("10.0.0.6", "v0", "true") + "," // an earlier version had but one
                + checked("10.0.0.7", "v0", "false") + ","
                + checked("10.0.0.8", "v0");
        master.tasks(APP, mixed);
        try (RecordingListener passing = watch(Map.of());
                RecordingListener any = watch(Map.of("health", "any"))) {
            awaitAddresses(passing, Set.of("10.0.0.1:1", "10.0.0.6:1"));
            await().atMost(patience()).until(() -> any.addresses().size() == 8);
            master.tasks(APP, "health_status_changed_event", checked("10.0.0.1", "v1", "false", "true"));
            await().atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> assertEquals(new Known(Set.of()), passing.last()));
            awaitAddresses(any, Set.of("10.0.0.1:1"));
        }
    }

    @Test
    void whatIsKnownOfATaskComesAlong() throws Exception {
        master.tasks(APP, task("10.0.0.1", "1", ", \"id\": \"redis.1\", \"version\": \"v1\", \"zone\": \"eu-1a\""));
        try (RecordingListener seen = watch(Map.of())) {
            awaitAddresses(seen, Set.of("10.0.0.1:1"));
            assertEquals(
                    new Known(Set.of(new Endpoint(
                            "10.0.0.1", 1, 1, 0, "eu-1a", Set.of(), Map.of("id", "redis.1", "version", "v1")))),
                    seen.last());
        }
    }

    @Test
    void anAppThatIsNotThereIsAbsentButNotForSomebodyElses404() throws Exception {
        try (RecordingListener seen = watch(Map.of())) {
            await().atMost(patience()).until(() -> !seen.addresses().isEmpty());
            master.remove(APP);
            master.event("app_terminated_event", "{\"appId\": \"" + APP + "\"}");
            await().atMost(patience())
                    .untilAsserted(() -> assertEquals(new Absent("Marathon has no app /prod/redis"), seen.last()));
        }
        master.instead(call -> call.say(404, "<html>Not Found</html>"));
        try (RecordingListener seen = watch(Map.of())) {
            assertProblem(seen, "answers 404: <html>Not Found</html> to GET /v2/apps/prod/redis?embed=app.tasks");
        }
    }

    @Test
    void tasksThatDoNotComeWithTheAppAreAskedFor() throws Exception {
        master.embeds(false);
        try (RecordingListener seen = watch(Map.of())) {
            master.tasks(APP, tasks("10.0.0.9:1"));
            awaitAddresses(seen, Set.of("10.0.0.9:1"));
        }
        assertTrue(
                master.calls().contains("GET /v2/apps/prod/redis/tasks"),
                master.calls().toString());
    }

    /** The older words, the newer ones, and how often is asked for however many of them. */
    @Test
    void eventsAreHeardAndManyOfThemAskSeldom() throws Exception {
        try (RecordingListener seen = watch(Map.of())) {
            await().atMost(patience()).until(() -> !seen.addresses().isEmpty());
            master.tasksSecretly(APP, tasks("10.0.0.1:1"));
            master.event("instance_changed_event", "{\"runSpecId\": \"" + APP + "\"}");
            awaitAddresses(seen, Set.of("10.0.0.1:1"));
            master.tasksSecretly(APP, tasks("10.0.0.2:1"));
            master.event("api_post_event", "{\"appDefinition\": {\"id\": \"" + APP + "\"}}");
            awaitAddresses(seen, Set.of("10.0.0.2:1"));
            int before = reads();
            long began = System.nanoTime();
            for (int i = 0; i < 500; i++) {
                master.event("status_update_event", "{\"appId\": \"" + APP + "\"}");
                master.event("status_update_event", "{\"appId\": \"/other\"}");
                master.event("deployment_info", "{\"appId\": \"" + APP + "\"}");
            }
            master.tasks(APP, tasks("10.0.0.3:1"));
            awaitAddresses(seen, Set.of("10.0.0.3:1"));
            long tenths = (System.nanoTime() - began) / 100_000_000;
            assertTrue(reads() - before <= tenths + 3, (reads() - before) + " readings in " + tenths + "00 ms");
        }
    }

    @Test
    void whereNobodyTellsOfEventsAppsAreAskedFor() throws Exception {
        master.streams(404);
        try (RecordingListener seen = watch(Map.of())) {
            await().atMost(patience()).until(() -> !seen.addresses().isEmpty());
            master.tasks(APP, tasks("10.0.0.9:1"));
            awaitAddresses(seen, Set.of("10.0.0.9:1"));
            assertFalse(
                    seen.all().stream().anyMatch(Unreachable.class::isInstance),
                    seen.all().toString());
        }
    }

    @Test
    void theSeedsFormNamesTheContainersPort() throws Exception {
        master.app("/app", "\"container\": {\"portMappings\": [{\"containerPort\": 79}, {\"containerPort\": 80}]}");
        master.tasks("/app", task("10.0.0.1", "31000, 31001", ""));
        Map<String, ?> settings = new MarathonProvider()
                .settingsOf(DiscoveryUri.parse("marathon://" + master.address() + "/app/80;8080"));
        try (RecordingListener seen = watchAll(settings)) {
            awaitAddresses(seen, Set.of("10.0.0.1:31001"));
        }
    }

    @Test
    void nothingIsMissedOrInvented() throws Exception {
        long seed = System.nanoTime();
        try (RecordingListener seen = watch(Map.of())) {
            master.tasks(APP, "");
            Set<String> expected = RandomChanges.make(new TasksByKey(seen), CHANGES, DISTURBANCES, seed);
            long changed = System.nanoTime();

            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertEquals(expected, seen.addresses(), () -> "seed " + seed));
            System.out.printf(
                    "measured: Marathon (scripted), %d changes, %d restarts or ends of streams: right %d ms after the"
                            + " last; %d states told%n",
                    CHANGES,
                    DISTURBANCES,
                    (System.nanoTime() - changed) / 1_000_000,
                    seen.all().size());
        }
    }

    static String tasks(String... endpoints) {
        StringBuilder tasks = new StringBuilder();
        for (String endpoint : endpoints) {
            String[] parts = endpoint.split(":");
            tasks.append(tasks.isEmpty() ? "" : ",").append(task(parts[0], parts[1], ""));
        }
        return tasks.toString();
    }

    private static String checked(String host, String version, String... alive) {
        StringBuilder results = new StringBuilder();
        for (String each : alive) {
            results.append(results.isEmpty() ? "" : ",")
                    .append("{\"alive\": ")
                    .append(each)
                    .append("}");
        }
        return task(host, "1", ", \"version\": \"" + version + "\", \"healthCheckResults\": [" + results + "]");
    }

    private static String task(String host, String ports, String more) {
        return "{\"host\": \"" + host + "\", \"ports\": [" + ports + "]" + more + "}";
    }

    private void assertProblem(RecordingListener seen, String problem) {
        await().atMost(patience()).until(() -> seen.last() instanceof Unreachable);
        assertEquals(
                "Marathon " + master.address() + ": " + problem,
                ((Unreachable) seen.last()).cause().getMessage());
    }

    private int reads() {
        return (int) master.calls().stream()
                .filter(call -> call.contains("/v2/apps/"))
                .count();
    }

    private RecordingListener watch(Map<String, ?> more) {
        Map<String, Object> values = new HashMap<>(Map.of("addresses", List.of(master.address()), "app", APP));
        values.putAll(more);
        return watchAll(values);
    }

    private RecordingListener watchAll(Map<String, ?> values) {
        return RecordingListener.watch(Marathons.source(values, control.scheduler()));
    }

    /** Each key is a task. */
    private final class TasksByKey implements RandomChanges.Registry {
        private final Map<Integer, String> byKey = new TreeMap<>();
        private final RecordingListener seen;

        TasksByKey(RecordingListener seen) {
            this.seen = seen;
        }

        @Override
        public void put(int key, String endpoint) {
            byKey.put(key, endpoint);
            tell();
        }

        @Override
        public void delete(int key) {
            byKey.remove(key);
            tell();
        }

        @Override
        public void settle(Set<String> expected) {
            await().atMost(Duration.ofSeconds(20))
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> seen.addresses().equals(expected));
        }

        @Override
        public void disturb(int time) {
            if (time % 2 == 0) {
                master.endStreams();
            } else {
                master.stop();
                master.restart();
            }
        }

        private void tell() {
            master.tasks(APP, tasks(new TreeSet<>(byKey.values()).toArray(new String[0])));
        }
    }
}
