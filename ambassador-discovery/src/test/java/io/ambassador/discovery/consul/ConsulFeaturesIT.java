package io.ambassador.discovery.consul;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState.Known;
import io.ambassador.spi.discovery.EndpointState.Unreachable;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.ConsulServer;
import io.ambassador.testkit.ControlThread;
import io.ambassador.testkit.RecordingListener;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a service of Consul can say of itself, from a real agent. */
class ConsulFeaturesIT {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static ConsulServer consul;

    private final ControlThread control = new ControlThread();

    @TempDir
    Path folder;

    @BeforeAll
    static void startConsul() {
        consul = ConsulServer.start();
    }

    @AfterAll
    static void stopConsul() {
        consul.close();
    }

    @AfterEach
    void stop() {
        control.close();
    }

    @Test
    void failingChecksTakeInstancesOut() {
        consul.register(checked("checked", 1, ""));
        consul.register(checked("checked", 2, ""));
        try (RecordingListener passing = watch("checked", Map.of());
                RecordingListener warning = watch("checked", Map.of("status", "warning"));
                RecordingListener any = watch("checked", Map.of("status", "any"))) {
            awaitAddresses(any, "10.0.0.1:1", "10.0.0.2:2"); // a new check fails until it is told otherwise
            awaitAddresses(passing);
            consul.check("service:checked-1", "pass");
            consul.check("service:checked-2", "pass");
            awaitAddresses(passing, "10.0.0.1:1", "10.0.0.2:2");
            consul.check("service:checked-2", "warn");
            awaitAddresses(passing, "10.0.0.1:1");
            awaitAddresses(warning, "10.0.0.1:1", "10.0.0.2:2");
            consul.check("service:checked-2", "fail");
            awaitAddresses(warning, "10.0.0.1:1");
            awaitAddresses(any, "10.0.0.1:1", "10.0.0.2:2");
        }
    }

    @Test
    void warningsLowerWeights() {
        consul.register(checked("weighed", 1, ", \"Weights\": {\"Passing\": 10, \"Warning\": 2}"));
        consul.check("service:weighed-1", "pass");
        try (RecordingListener seen = watch("weighed", Map.of("status", "warning"))) {
            await().atMost(PATIENCE).until(() -> weights(seen).equals(Set.of(10)));
            consul.check("service:weighed-1", "warn");
            await().atMost(PATIENCE).until(() -> weights(seen).equals(Set.of(2)));
        }
    }

    @Test
    void instancesWithoutAnAddressHaveTheirNodes() {
        consul.register("{\"Name\": \"bare\", \"ID\": \"bare-1\", \"Port\": 7, \"Tags\": [\"blue\", \"prod\"],"
                + " \"Meta\": {\"version\": \"3\"}}");
        consul.register("{\"Name\": \"bare\", \"ID\": \"bare-2\", \"Port\": 8, \"Address\": \"localhost\","
                + " \"Meta\": {\"zone\": \"b\"}}");
        try (RecordingListener seen = watch("bare", Map.of("family", "ipv4"))) {
            awaitAddresses(seen, "127.0.0.1:7", "127.0.0.1:8");

            Map<Integer, Endpoint> byPort = ((Known) seen.last())
                    .endpoints().stream().collect(Collectors.toMap(Endpoint::port, endpoint -> endpoint));
            assertEquals(
                    new Endpoint(
                            "127.0.0.1",
                            7,
                            1,
                            0,
                            "dc1",
                            Set.of("blue", "prod"),
                            Map.of("version", "3", "node", "node-1", "id", "bare-1")),
                    byPort.get(7));
            assertEquals("b", byPort.get(8).zone());
            assertEquals("localhost", byPort.get(8).metadata().get("name"));
        }
    }

    @Test
    void tagsChoose() {
        consul.register(
                "{\"Name\": \"tagged\", \"ID\": \"1\", \"Address\": \"10.0.0.1\", \"Port\": 1, \"Tags\": [\"a\"]}");
        consul.register(
                "{\"Name\": \"tagged\", \"ID\": \"2\", \"Address\": \"10.0.0.2\", \"Port\": 2, \"Tags\": [\"a\", \"b\"]}");
        consul.register(
                "{\"Name\": \"tagged-2\", \"ID\": \"3\", \"Address\": \"10.0.0.3\", \"Port\": 3, \"Tags\": [\"a\"]}");
        try (RecordingListener a = watch("tagged", Map.of("tag", "a"));
                RecordingListener both = watch("tagged", Map.of("tag", "a,b"));
                RecordingListener none = watch("tagged", Map.of("tag", "c"))) {
            awaitAddresses(a, "10.0.0.1:1", "10.0.0.2:2");
            awaitAddresses(both, "10.0.0.2:2");
            await().atMost(PATIENCE).until(() -> none.last() instanceof Known);
            assertEquals(Set.of(), none.addresses());
        }
    }

    @Test
    void datacentresAreAskedForByName() {
        consul.register("there", "10.0.0.1", 1);
        try (RecordingListener here = watch("there", Map.of("dc", "dc1", "near", "_agent"));
                RecordingListener nowhere = watch("there", Map.of("dc", "atlantis"))) {
            awaitAddresses(here, "10.0.0.1:1");
            await().atMost(PATIENCE).until(() -> nowhere.last() instanceof Unreachable);
            assertTrue(message(nowhere).contains("500: No path to datacenter"), message(nowhere));
        }
    }

    @Test
    void tokensOpenWhatAccessControlCloses() throws Exception {
        Path token = Files.writeString(folder.resolve("token"), "s3cret-wrong");
        try (ConsulServer closed = ConsulServer.withTokens("s3cret-right")) {
            closed.register("secret", "10.0.0.1", 1);
            Map<String, Object> settings =
                    Map.of("address", closed.address(), "token", Map.of("text-file", token.toString()));
            try (RecordingListener seen = watch("secret", settings)) {
                await().atMost(PATIENCE).until(() -> seen.last() instanceof Unreachable);
                assertTrue(message(seen).contains("403"), message(seen));
                assertFalse(seen.all().toString().contains("s3cret-wrong"));
                Files.writeString(token, "s3cret-right");
                awaitAddresses(seen, "10.0.0.1:1");
            }
            String known =
                    closed.call("PUT", "/v1/acl/token", "{}").replaceAll("(?s).*\"SecretID\": *\"([^\"]+)\".*", "$1");
            Files.writeString(token, known); // which may do nothing: to Consul before 1.12 that is an empty answer
            try (RecordingListener seen = watch("secret", settings)) {
                await().atMost(PATIENCE).untilAsserted(() -> assertEquals(new Known(Set.of()), seen.last()));
            }
        }
    }

    @Test
    void tlsIsMutual() throws Exception {
        Certificates authority = Certificates.in(folder);
        Certificates.Issued client = authority.client("ambassador");
        try (ConsulServer consul = ConsulServer.withTls(authority.server("consul.example.com"), authority.ca())) {
            consul.register("secured", "10.0.0.1", 1);
            Map<String, Object> tls =
                    new HashMap<>(Map.of("ca", authority.ca().toString(), "server-name", "consul.example.com"));
            String address = "127.0.0.1:" + consul.httpsPort();
            try (RecordingListener anonymous = watch("secured", Map.of("address", address, "tls", Map.copyOf(tls)))) {
                await().atMost(PATIENCE).until(() -> anonymous.last() instanceof Unreachable);
            }
            tls.put("certificate", client.certificate().toString());
            tls.put("key", client.key().toString());
            try (RecordingListener known = watch("secured", Map.of("address", address, "tls", tls))) {
                awaitAddresses(known, "10.0.0.1:1");
            }
        }
    }

    private static String checked(String name, int number, String more) {
        return "{\"Name\": \"%s\", \"ID\": \"%s-%d\", \"Address\": \"10.0.0.%d\", \"Port\": %d, \"Check\": {\"TTL\": \"1h\"}%s}"
                .formatted(name, name, number, number, number, more);
    }

    private static Set<Integer> weights(RecordingListener seen) {
        return seen.last() instanceof Known known
                ? known.endpoints().stream().map(Endpoint::weight).collect(Collectors.toSet())
                : Set.of();
    }

    private static String message(RecordingListener seen) {
        return ((Unreachable) seen.last()).cause().getMessage();
    }

    private static void awaitAddresses(RecordingListener seen, String... addresses) {
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(10))
                .untilAsserted(() -> assertEquals(Set.of(addresses), seen.addresses(), () -> "told: " + seen.all()));
    }

    private RecordingListener watch(String service, Map<String, ?> more) {
        Map<String, Object> values = new HashMap<>(Map.of("address", consul.address(), "service", service));
        values.putAll(more);
        Settings settings = Settings.of("discovery", values);
        ConsulProvider provider = new ConsulProvider();
        ConsulConfig config = provider.parse(settings);
        settings.refuseUnknownKeys();
        assertEquals(List.of(), settings.problems());
        return RecordingListener.watch(provider.create(config, control.scheduler()));
    }
}
