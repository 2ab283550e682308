package io.ambassador.spi.discovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DiscoveryUriTest {
    @Test
    void readsTheForms() {
        assertEquals(
                new DiscoveryUri("srv", "_redis._tcp.example.com", "", Map.of()),
                DiscoveryUri.parse("srv://_redis._tcp.example.com"));
        assertEquals(
                new DiscoveryUri("static", "10.0.0.1:1,[::1]:2", "", Map.of()),
                DiscoveryUri.parse("static://10.0.0.1:1,[::1]:2"));
        assertEquals(
                new DiscoveryUri("consul", "127.0.0.1:8500", "/api", Map.of("tag", "a b", "near", "")),
                DiscoveryUri.parse("consul://127.0.0.1:8500/api?tag=a%20b&near="));
        assertEquals(
                new DiscoveryUri("file", "", "/etc/a b.json", Map.of()), DiscoveryUri.parse("file:///etc/a%20b.json"));
        assertEquals(
                new DiscoveryUri("docker", "", "", Map.of("label", "k=v")), DiscoveryUri.parse("docker://?label=k=v"));
    }

    @Test
    void keepsTheOrderOfParameters() {
        DiscoveryUri uri = DiscoveryUri.parse("x://h?z=1&a=2&m=3&b=4&q=5");

        assertEquals(List.of("z", "a", "m", "b", "q"), List.copyOf(uri.query().keySet()));
        assertThrows(UnsupportedOperationException.class, () -> uri.query().put("c", "d"));
    }

    @Test
    void plusIsAPlus() {
        assertEquals("a+b", DiscoveryUri.parse("x://h?tag=a+b").query().get("tag"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "redis:6379", "://h", "x://h?tag=%zz", "x://h?tag=a&tag=b"})
    void refusesTheRest(String text) {
        assertThrows(IllegalArgumentException.class, () -> DiscoveryUri.parse(text));
    }
}
