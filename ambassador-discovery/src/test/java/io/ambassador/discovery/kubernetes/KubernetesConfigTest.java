package io.ambassador.discovery.kubernetes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.discovery.support.net.ServerAddress;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KubernetesConfigTest {
    @Test
    void shortFormsSayWhatBlocksSay() {
        KubernetesConfig config = parse(
                new KubernetesProvider().settingsOf(DiscoveryUri.parse("kubernetes://prod/redis-headless:tcp-redis")));

        assertEquals("kubernetes://prod/redis-headless:tcp-redis", config.name());
        assertNull(config.server().address());
        assertEquals("kubernetes://prod/redis-headless:tcp-redis of this cluster", config.toString());
        assertEquals(
                "",
                parse(new KubernetesProvider().settingsOf(DiscoveryUri.parse("kubernetes://prod/redis")))
                        .port());
    }

    @Test
    void shortFormsThatLackSomethingAreRefused() {
        for (String wrong : List.of(
                "kubernetes://prod",
                "kubernetes:///redis:80",
                "kubernetes://prod/a/b:80",
                "kubernetes://prod/redis:",
                "kubernetes://prod/redis:80?token=x")) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new KubernetesProvider().settingsOf(DiscoveryUri.parse(wrong)),
                    wrong);
        }
    }

    @Test
    void theClusterTellsWhereItsApiServerIs() {
        ServerAddress address = new InCluster(
                        Map.of("KUBERNETES_SERVICE_HOST", "fd00:0::1", "KUBERNETES_SERVICE_PORT_HTTPS", "6443"),
                        Path.of("/account"))
                .address();

        assertEquals("[fd00::1]:6443", address.toString());
        assertEquals(Path.of("/account/ca.crt"), address.tls().ca());
        assertNull(new InCluster(Map.of(), Path.of("/account")).address());
    }

    @Test
    void anApiServerMayBeNamed() {
        Map<String, Object> own =
                Map.of("namespace", "prod", "service", "redis", "server", "https://k8s.example.com:6443");

        assertEquals("k8s.example.com:6443", parse(own).server().address().toString());
        assertNotNull(parse(own).server().address().tls());
    }

    @Test
    void everyProblemIsToldAtOnce() {
        Settings settings = Settings.of(
                "discovery", Map.of("namespace", "Prod", "port", "no such port", "tls", Map.of("ca", "/ca.pem")));
        new KubernetesProvider().parse(settings);
        String problems = String.join("\n", settings.problems());

        for (String part : List.of(
                "discovery.namespace: \"Prod\" is not a name that Kubernetes allows",
                "discovery.service: is missing",
                "discovery.port: \"no such port\" is not a name",
                "discovery.tls: needs server")) {
            assertTrue(problems.contains(part), problems);
        }
    }

    @Test
    void plainTextMustBeMeant() {
        Settings settings = Settings.of(
                "discovery",
                Map.of("namespace", "prod", "service", "redis", "server", "http://127.0.0.1:8001", "tls", Map.of()));
        new KubernetesProvider().parse(settings);

        assertTrue(settings.problems().get(0).contains("is not an API server's https://host:port"));
    }

    private static KubernetesConfig parse(Map<String, ?> values) {
        Settings settings = Settings.of("discovery", values);
        KubernetesConfig config = new KubernetesProvider().parse(settings);
        settings.refuseUnknownKeys();
        assertEquals(List.of(), settings.problems());
        return config;
    }
}
