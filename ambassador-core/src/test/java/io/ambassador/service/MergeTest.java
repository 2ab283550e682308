package io.ambassador.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.discovery.Endpoint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MergeTest {
    @Test
    void aSourceHasItsShareHoweverManyEndpointsItNames() {
        List<Endpoint> one = List.of(at(1, 1));
        List<Endpoint> three = List.of(at(2, 1), at(3, 1), at(4, 1));

        assertEquals(List.of(3, 1, 1, 1), weights(Merge.of(List.of(one, three), List.of(1, 1))));
        assertEquals(List.of(9, 1, 1, 1), weights(Merge.of(List.of(one, three), List.of(3, 1))));
        assertEquals(List.of(1, 3, 3, 3), weights(Merge.of(List.of(one, three), List.of(1, 9))));
    }

    @Test
    void withinASourceItsOwnWeightsCount() {
        List<Endpoint> uneven = List.of(at(1, 1), at(2, 4), at(3, 0));

        assertEquals(List.of(1, 4, 0, 5), weights(Merge.of(List.of(uneven, List.of(at(4, 100))), List.of(10, 10))));
    }

    @Test
    void eachPriorityIsSharedOutByItself() {
        List<Endpoint> tiers = List.of(at(1, 1, 0), at(2, 1, 1));
        List<Endpoint> flat = List.of(at(3, 7, 0));

        assertEquals(List.of(1, 1, 1), weights(Merge.of(List.of(tiers, flat), List.of(1, 1))));
    }

    @Test
    void anEmptyOrDrainedSourceLeavesItsShareToTheOthers() {
        List<Endpoint> some = List.of(at(1, 2), at(2, 1));

        assertEquals(List.of(2, 1), weights(Merge.of(List.of(some, List.of()), List.of(1, 9))));
        assertEquals(List.of(2, 1, 0), weights(Merge.of(List.of(some, List.of(at(3, 1))), List.of(1, 0))));
        assertEquals(List.of(2, 1, 0), weights(Merge.of(List.of(some, List.of(at(3, 0))), List.of(1, 5))));
        assertEquals(List.of(), Merge.of(List.of(List.of(), List.of()), List.of(1, 1)));
    }

    @Test
    void oneAddressOfTwoSourcesIsOneEndpoint() {
        Endpoint here = new Endpoint("127.0.0.1", 1, 1, 0, "", Set.of("a"), Map.of("k", "first"));
        Endpoint there = new Endpoint("127.0.0.1", 1, 1, 0, "z", Set.of("b"), Map.of("k", "second", "m", "n"));

        assertEquals(
                List.of(new Endpoint("127.0.0.1", 1, 1, 0, "z", Set.of("a", "b"), Map.of("k", "first", "m", "n"))),
                Merge.of(List.of(List.of(here), List.of(there)), List.of(3, 1)));
        assertEquals(
                List.of(5, 1),
                weights(Merge.of(List.of(List.of(at(1, 1)), List.of(at(1, 1), at(2, 1))), List.of(2, 1))));
        List<Endpoint> better =
                Merge.of(List.of(List.of(at(1, 1, 2), at(2, 1, 1)), List.of(at(1, 1, 1))), List.of(9, 1));
        assertEquals(List.of(1, 1), better.stream().map(Endpoint::priority).toList());
        assertEquals(List.of(1, 9), weights(better), "the better priority with its own weight");
    }

    @Test
    void tenThousandEndpointsOfOddWeightsKeepTheirShares() {
        Random random = new Random(7);
        List<Endpoint> many = IntStream.rangeClosed(1, 9_000)
                .mapToObj(i -> at(i, 1 + random.nextInt(65_535)))
                .toList();
        List<Endpoint> few = IntStream.rangeClosed(9_001, 9_007)
                .mapToObj(i -> at(i, 1 + random.nextInt(1_000)))
                .toList();

        List<Endpoint> merged = Merge.of(List.of(many, few), List.of(3, 1));

        double total = weights(merged).stream().mapToLong(Integer::longValue).sum();
        double first = weights(merged.subList(0, 9_000)).stream()
                .mapToLong(Integer::longValue)
                .sum();
        assertEquals(0.75, first / total, 0.005);
        assertTrue(weights(merged).stream().allMatch(weight -> weight >= 1 && weight <= Endpoint.MAX_WEIGHT));
    }

    /** Against fractions of which no whole numbers are made. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void sharesAreThoseOfAnOracle(long seed) {
        Random random = new Random(seed);
        for (int round = 0; round < 50; round++) {
            List<List<Endpoint>> sources = new ArrayList<>();
            List<Integer> shares = new ArrayList<>();
            for (int s = 0; s < 1 + random.nextInt(4); s++) {
                int first = 1 + 100 * s;
                sources.add(IntStream.range(first, first + random.nextInt(20))
                        .mapToObj(i -> at(i, random.nextInt(100)))
                        .toList());
                shares.add(random.nextInt(10));
            }
            Map<Integer, Double> expected = oracle(sources, shares);
            List<Endpoint> merged = Merge.of(sources, shares);
            double total = merged.stream().mapToLong(Endpoint::weight).sum();
            for (Endpoint endpoint : merged) {
                double got = total == 0 ? 0 : endpoint.weight() / total;
                assertEquals(expected.get(endpoint.port()), got, 1e-5, () -> merged + " of " + shares);
            }
        }
    }

    private static Map<Integer, Double> oracle(List<List<Endpoint>> sources, List<Integer> shares) {
        Map<Integer, Double> fractions = new HashMap<>();
        double all = 0;
        for (int s = 0; s < sources.size(); s++) {
            double sum = sources.get(s).stream().mapToInt(Endpoint::weight).sum();
            all += sum == 0 ? 0 : shares.get(s);
        }
        for (int s = 0; s < sources.size(); s++) {
            double sum = sources.get(s).stream().mapToInt(Endpoint::weight).sum();
            for (Endpoint endpoint : sources.get(s)) {
                fractions.put(
                        endpoint.port(), sum == 0 || all == 0 ? 0 : endpoint.weight() / sum * shares.get(s) / all);
            }
        }
        return fractions;
    }

    private static List<Integer> weights(List<Endpoint> endpoints) {
        return endpoints.stream().map(Endpoint::weight).toList();
    }

    private static Endpoint at(int port, int weight) {
        return at(port, weight, 0);
    }

    private static Endpoint at(int port, int weight, int priority) {
        return new Endpoint("127.0.0.1", port, weight, priority, Map.of());
    }
}
