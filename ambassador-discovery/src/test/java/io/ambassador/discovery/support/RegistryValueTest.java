package io.ambassador.discovery.support;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RegistryValueTest {
    private static List<EndpointEntry> parse(String value) {
        return RegistryValue.parse(value.getBytes(UTF_8));
    }

    @Test
    void readsAddressesAndListsOfThem() {
        assertEquals(List.of(EndpointEntry.of("10.0.0.1", 6379)), parse("10.0.0.1:6379\n"));
        assertEquals(List.of(EndpointEntry.of("::1", 6379)), parse("[::1]:6379"));
        assertEquals(
                List.of(
                        EndpointEntry.of("::1", 1),
                        EndpointEntry.of("a.example.com", 2),
                        new EndpointEntry("10.0.0.2", 3, 5, 0, "b", Set.of("blue"), Map.of())),
                parse("[::1]:1, a.example.com:2\n10.0.0.2:3;weight=5;zone=b;tag=blue,"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"ipaddress\": \"10.0.0.1\", \"host_port\": 6379, \"port\": 1}", // embassy
                "{\"ipaddress\": \"10.0.0.1\", \"port\": \"6379\"}",
                "{\"host\": \"10.0.0.1\", \"port\": 6379, \"ttl\": 60, \"text\": null}", // SkyDNS
                "{\"Op\": 0, \"Addr\": \"10.0.0.1:6379\", \"Metadata\": null}", // gRPC
                "{\"name\": \"r\", \"id\": \"x\", \"address\": \"10.0.0.1\", \"port\": 6379, \"payload\": {\"a\": [1]}}",
                "{\"IP\": \"10.0.0.1\", \"Port\": 6379, \"tags\": null}",
                "[\"10.0.0.1:6379\"]",
                "\"10.0.0.1:6379\"",
                "[{\"host\": \"10.0.0.1\", \"port\": 6379}]",
            })
    void readsTheDocumentsThatAreInUse(String value) {
        assertEquals(List.of(EndpointEntry.of("10.0.0.1", 6379)), parse(value));
    }

    @Test
    void readsWhatElseADocumentSays() {
        assertEquals(
                List.of(new EndpointEntry(
                        "r.example.com", 1, 7, 2, "eu-1a", Set.of("blue", "v2"), Map.of("rack", "3", "spare", "true"))),
                parse("{\"host\": \"r.example.com\", \"port\": 1, \"weight\": 7, \"priority\": 2, \"zone\": \"eu-1a\","
                        + " \"tags\": [\"blue\", \"v2\", 3],"
                        + " \"metadata\": {\"rack\": 3, \"spare\": true, \"list\": [1], \"none\": null}}"));
        assertEquals(
                Set.of("blue", "v2"),
                parse("{\"host\": \"h\", \"port\": 1, \"tags\": \"blue, v2,\"}")
                        .get(0)
                        .tags());
        assertEquals(List.of(), parse("[]"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "  ",
                "nonsense",
                "10.0.0.1",
                "10.0.0.1:70000",
                "{",
                "{}",
                "{\"host\": \"10.0.0.1\"}",
                "{\"port\": 1}",
                "{\"host\": \"10.0.0.1\", \"port\": 0}",
                "{\"host\": \"10.0.0.1\", \"port\": 1.5}",
                "{\"host\": \"10.0.0.1\", \"port\": 1, \"weight\": -1}",
                "{\"host\": \"10.0.0.1\", \"port\": 1} {}",
                "{\"host\": \"../etc\", \"port\": 1}",
                "[[\"10.0.0.1:1\"]]",
                "[1]",
                "[\"10.0.0.1:1\"",
                "null",
                "[::1]",
            })
    void refusesWhatNamesNoEndpoint(String value) {
        assertThrows(IllegalArgumentException.class, () -> parse(value));
    }

    @Test
    void garbageIsRefusedAndNothingWorse() {
        Random random = new Random(7);
        String alphabet = "{}[]\",:;0123456789.abhostpr \\u\n";
        for (int i = 0; i < 20_000; i++) {
            byte[] value = new byte[random.nextInt(40)];
            for (int at = 0; at < value.length; at++) {
                value[at] = random.nextInt(10) == 0
                        ? (byte) random.nextInt(256)
                        : (byte) alphabet.charAt(random.nextInt(alphabet.length()));
            }
            try {
                RegistryValue.parse(value);
            } catch (IllegalArgumentException expected) {
                // the one way to refuse
            }
        }
        assertThrows(IllegalArgumentException.class, () -> parse("[".repeat(100_000)));
        assertThrows(IllegalArgumentException.class, () -> parse("{\"a\":".repeat(100_000)));
    }
}
