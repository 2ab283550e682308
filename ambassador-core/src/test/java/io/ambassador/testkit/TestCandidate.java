package io.ambassador.testkit;

import io.ambassador.spi.balancing.Candidate;
import io.ambassador.spi.discovery.Endpoint;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** A candidate whose live figures a test sets. Thread-safe. */
public final class TestCandidate implements Candidate {
    private final Endpoint endpoint;
    private final AtomicInteger active = new AtomicInteger();
    private volatile double latencyNanos;

    public TestCandidate(String host, int port, int weight) {
        this.endpoint = new Endpoint(host, port, weight, 0, Map.of());
    }

    /** One for each weight, at 10.x.y.z:6379, not yet measured and idle. */
    public static List<TestCandidate> ofWeights(int... weights) {
        List<TestCandidate> candidates = new ArrayList<>();
        for (int i = 0; i < weights.length; i++) {
            candidates.add(
                    new TestCandidate("10." + (i >> 16) + "." + (i >> 8 & 0xff) + "." + (i & 0xff), 6379, weights[i]));
        }
        return List.copyOf(candidates);
    }

    /** {@code count} of weight 1. */
    public static List<TestCandidate> equal(int count) {
        int[] weights = new int[count];
        Arrays.fill(weights, 1);
        return ofWeights(weights);
    }

    /** A connection begins, or, with a negative number, ends. */
    public void connections(int change) {
        active.addAndGet(change);
    }

    public void latencyNanos(double nanos) {
        latencyNanos = nanos;
    }

    @Override
    public Endpoint endpoint() {
        return endpoint;
    }

    @Override
    public int weight() {
        return endpoint.weight();
    }

    @Override
    public int activeConnections() {
        return active.get();
    }

    @Override
    public double latencyNanos() {
        return latencyNanos;
    }

    @Override
    public String toString() {
        return endpoint.toString();
    }
}
