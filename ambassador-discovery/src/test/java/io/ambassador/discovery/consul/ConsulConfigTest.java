package io.ambassador.discovery.consul;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConsulConfigTest {
    @Test
    void shortFormsSayWhatBlocksSay() {
        ConsulConfig config = config("consul://127.0.0.1:8500/redis?tag=prod,blue&dc=eu&near=_agent&status=warning");

        assertEquals("127.0.0.1:8500", config.agent().address().toString());
        assertNull(config.agent().address().tls());
        assertEquals(
                "/v1/health/service/redis?tag=prod&tag=blue&dc=eu&near=_agent",
                config.target().toString());
        assertEquals(
                "/v1/health/service/a%20b?passing=1",
                config("consul://[::1]/a%20b").target().toString());
    }

    @Test
    void emptyParametersAreAbsentOnes() {
        assertEquals(
                "/v1/health/service/redis?passing=1",
                config("consul://127.0.0.1:8500/redis?tag=&dc=&near=").target().toString());
    }

    @Test
    void portsAreTheUsualOnesUnlessGiven() {
        assertEquals("consul.example.com:8500", address("consul://consul.example.com/redis"));
        assertEquals("[::1]:8501", address("consuls://[::1]/redis"));
        assertNotNull(config("consuls://[::1]/redis").agent().address().tls());
        assertEquals("[::1]:18500", address("consul://[::1]:18500/redis"));
    }

    @Test
    void keysMayHaveSlashes() {
        ConsulKvProvider provider = new ConsulKvProvider();
        ConsulKvConfig config = provider.parse(Settings.of(
                "discovery", provider.settingsOf(DiscoveryUri.parse("consuls-kv://127.0.0.1:8501/a/b%20c/"))));

        assertEquals("/v1/kv/a/b%20c?recurse=true", config.target().toString());
        assertNotNull(config.agent().address().tls());
        assertEquals("consuls-kv://127.0.0.1:8501/a/b c", config.name());
    }

    @Test
    void tokensDoNotBelongInAUri() {
        IllegalArgumentException refused = assertThrows(
                IllegalArgumentException.class, () -> config("consul://127.0.0.1:8500/redis?token=s3cret"));

        assertFalse(refused.getMessage().contains("s3cret"));
    }

    @Test
    void somethingMustBeNamed() {
        assertThrows(IllegalArgumentException.class, () -> config("consul://127.0.0.1:8500/"));
        assertThrows(IllegalArgumentException.class, () -> config("consul:///redis"));
    }

    @Test
    void everyProblemIsToldAtOnce() {
        Settings settings = Settings.of(
                "discovery",
                Map.of("address", "http://x", "status", "pasing", "wait", "1h", "tls", Map.of("key", "/k.pem")));
        new ConsulProvider().parse(settings);
        String problems = String.join("\n", settings.problems());

        for (String part : List.of(
                "discovery.address: \"http://x\" is not an agent's host:port",
                "discovery.service: is missing",
                "discovery.status: \"pasing\" is not a known word (did you mean passing?",
                "discovery.wait: is out of range",
                "discovery.tls.key: needs certificate and key, both")) {
            assertTrue(problems.contains(part), problems);
        }
    }

    @Test
    void whatIsKeptOnDiskIsFoundByWhatIsAskedAlone() {
        Map<String, Object> settings = new HashMap<>(Map.of("address", "127.0.0.1", "service", "redis"));
        String before = parse(settings).toString();
        settings.put("wait", "10s");

        assertEquals(before, parse(settings).toString());
        settings.put("tag", List.of("blue"));
        assertFalse(before.equals(parse(settings).toString()));
    }

    private static String address(String uri) {
        return config(uri).agent().address().toString();
    }

    private static ConsulConfig config(String uri) {
        return parse(new ConsulProvider().settingsOf(DiscoveryUri.parse(uri)));
    }

    private static ConsulConfig parse(Map<String, ?> values) {
        Settings settings = Settings.of("discovery", values);
        ConsulConfig config = new ConsulProvider().parse(settings);
        settings.refuseUnknownKeys();
        assertEquals(List.of(), settings.problems());
        return config;
    }
}
