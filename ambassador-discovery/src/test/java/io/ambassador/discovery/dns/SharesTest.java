package io.ambassador.discovery.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.discovery.dns.Shares.Resolved;
import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.spi.discovery.Endpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class SharesTest {
    private static EndpointEntry entry(int weight, int priority) {
        return new EndpointEntry("h.example.com", 1, weight, priority, Map.of());
    }

    private static List<Integer> withoutZeros(int... weights) {
        List<EndpointEntry> entries = new ArrayList<>();
        for (int weight : weights) {
            entries.add(entry(weight, 0));
        }
        return Shares.withoutZeros(entries).stream().map(EndpointEntry::weight).toList();
    }

    private static Map<String, Integer> weights(Resolved... resolved) {
        return Shares.endpoints(List.of(resolved)).stream().collect(Collectors.toMap(Endpoint::host, Endpoint::weight));
    }

    @Test
    void weightsWithoutZeroStay() {
        assertEquals(List.of(1, 5, 65_535), withoutZeros(1, 5, 65_535));
    }

    @Test
    void allZeroIsAllEqual() {
        assertEquals(List.of(1, 1), withoutZeros(0, 0));
    }

    @Test
    void zeroBesideOthersGetsAVerySmallShare() {
        assertEquals(List.of(1, 100, 300), withoutZeros(0, 1, 3));
        assertEquals(List.of(1, 15 * 65_535), withoutZeros(0, 65_535));
    }

    @Test
    void prioritiesAreScaledEachByItself() {
        List<EndpointEntry> scaled = Shares.withoutZeros(List.of(entry(0, 0), entry(2, 0), entry(2, 1), entry(0, 2)));
        assertEquals(
                List.of(1, 200, 2, 1),
                scaled.stream().map(EndpointEntry::weight).toList());
    }

    @Test
    void hostsWeightIsSharedAmongItsAddresses() {
        assertEquals(
                Map.of("10.0.0.1", 30, "10.0.0.2", 30, "10.0.0.3", 20, "10.0.0.4", 20, "10.0.0.5", 20, "10.0.0.6", 360),
                weights(
                        new Resolved(entry(10, 0), List.of("10.0.0.1", "10.0.0.2")),
                        new Resolved(entry(10, 0), List.of("10.0.0.3", "10.0.0.4", "10.0.0.5")),
                        new Resolved(entry(60, 0), List.of("10.0.0.6"))));
    }

    @Test
    void oneHostsAddressesAreEqual() {
        assertEquals(
                Map.of("10.0.0.1", 1, "10.0.0.2", 1),
                weights(new Resolved(entry(1, 0), List.of("10.0.0.1", "10.0.0.2", "10.0.0.1"))));
    }

    @Test
    void weightZeroStaysZero() {
        assertEquals(
                Map.of("10.0.0.1", 0, "10.0.0.2", 0, "10.0.0.3", 2),
                weights(
                        new Resolved(entry(0, 0), List.of("10.0.0.1", "10.0.0.2")),
                        new Resolved(entry(1, 0), List.of("10.0.0.3"))));
    }

    @Test
    void scalingStaysInRange() {
        Map<String, Integer> weights = weights(
                new Resolved(entry(Endpoint.MAX_WEIGHT, 0), List.of("10.0.0.1")),
                new Resolved(entry(1, 0), List.of("10.0.0.2", "10.0.0.3", "10.0.0.4")));
        assertEquals(Endpoint.MAX_WEIGHT, weights.get("10.0.0.1"));
        assertTrue(weights.get("10.0.0.2") >= 1);
    }

    @Test
    void oneAddressGivenTwiceIsOneEndpoint() {
        assertEquals(
                Set.of(new Endpoint("10.0.0.1", 1, 5, 0, Map.of()), new Endpoint("10.0.0.2", 1, 1, 0, Map.of())),
                Shares.endpoints(List.of(
                        new Resolved(entry(2, 0), List.of("10.0.0.1")),
                        new Resolved(entry(3, 0), List.of("10.0.0.1")),
                        new Resolved(entry(9, 1), List.of("10.0.0.2")),
                        new Resolved(entry(1, 0), List.of("10.0.0.2")))));
    }
}
