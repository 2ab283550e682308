package io.ambassador.service;

import io.ambassador.spi.discovery.Endpoint;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The endpoints of several sources as one set. A source's weight is shared out among its endpoints of one priority, by
 * their own weights: of source {@code s} with weight {@code W}, an endpoint of weight {@code w} gets {@code W * w / sum},
 * where {@code sum} is what all of that source and priority weigh. So it does not matter how many a source names.
 */
final class Merge {
    /** Fractions become whole numbers not above this, exactly where they can. */
    private static final BigInteger MOST = BigInteger.valueOf(Endpoint.MAX_WEIGHT);

    private static final BigInteger NONE = BigInteger.ZERO;

    /** What several sources say of one address. */
    private static final class Entry {
        private Endpoint endpoint;
        private BigInteger weight;

        Entry(Endpoint endpoint, BigInteger weight) {
            this.endpoint = endpoint;
            this.weight = weight;
        }

        /** The better priority counts, or the sum of the weights; what is known of it adds up, the first one's word first. */
        void add(Endpoint other, BigInteger more) {
            int before = endpoint.priority();
            if (other.priority() == before) {
                weight = weight.add(more);
            } else if (other.priority() < before) {
                weight = more;
            }
            Set<String> tags = new HashSet<>(endpoint.tags());
            tags.addAll(other.tags());
            Map<String, String> metadata = new HashMap<>(other.metadata());
            metadata.putAll(endpoint.metadata());
            endpoint = new Endpoint(
                    endpoint.host(),
                    endpoint.port(),
                    endpoint.weight(),
                    Math.min(before, other.priority()),
                    endpoint.zone().isEmpty() ? other.zone() : endpoint.zone(),
                    tags,
                    metadata);
        }
    }

    private final Map<String, Entry> entries = new LinkedHashMap<>();

    private Merge() {}

    /** The endpoints of each source in turn; {@code weights} belong to {@code sources} by their place. */
    static List<Endpoint> of(List<? extends Collection<Endpoint>> sources, List<Integer> weights) {
        Merge merge = new Merge();
        List<Map<Integer, Long>> sums = sources.stream().map(Merge::sums).toList();
        BigInteger scale = BigInteger.ONE;
        for (Map<Integer, Long> byPriority : sums) {
            for (long sum : byPriority.values()) {
                scale = leastCommonMultiple(scale, BigInteger.valueOf(Math.max(1, sum)));
            }
        }
        for (int i = 0; i < sources.size(); i++) {
            BigInteger share = scale.multiply(BigInteger.valueOf(weights.get(i)));
            for (Endpoint endpoint : sources.get(i)) {
                long sum = sums.get(i).getOrDefault(endpoint.priority(), 0L);
                merge.add(
                        endpoint,
                        sum == 0
                                ? NONE
                                : share.multiply(BigInteger.valueOf(endpoint.weight()))
                                        .divide(BigInteger.valueOf(sum)));
            }
        }
        return merge.endpoints();
    }

    /** What a source's endpoints weigh, by priority. */
    private static Map<Integer, Long> sums(Collection<Endpoint> endpoints) {
        Map<Integer, Long> sums = new HashMap<>();
        for (Endpoint endpoint : endpoints) {
            sums.merge(endpoint.priority(), (long) endpoint.weight(), Long::sum);
        }
        return sums;
    }

    private void add(Endpoint endpoint, BigInteger weight) {
        Entry entry = entries.get(endpoint.address());
        if (entry == null) {
            entries.put(endpoint.address(), new Entry(endpoint, weight));
        } else {
            entry.add(endpoint, weight);
        }
    }

    private List<Endpoint> endpoints() {
        BigInteger divisor = NONE;
        BigInteger heaviest = BigInteger.ONE;
        for (Entry entry : entries.values()) {
            divisor = divisor.gcd(entry.weight);
            heaviest = heaviest.max(entry.weight);
        }
        List<Endpoint> endpoints = new ArrayList<>(entries.size());
        for (Entry entry : entries.values()) {
            endpoints.add(entry.endpoint.withWeight(scaled(entry.weight, divisor, heaviest)));
        }
        return endpoints;
    }

    private static int scaled(BigInteger weight, BigInteger divisor, BigInteger heaviest) {
        if (weight.signum() == 0) {
            return 0;
        }
        if (heaviest.divide(divisor).compareTo(MOST) <= 0) {
            return weight.divide(divisor).intValueExact();
        }
        BigInteger half = heaviest.shiftRight(1);
        return Math.max(1, weight.multiply(MOST).add(half).divide(heaviest).intValueExact());
    }

    private static BigInteger leastCommonMultiple(BigInteger one, BigInteger other) {
        return one.divide(one.gcd(other)).multiply(other);
    }
}
