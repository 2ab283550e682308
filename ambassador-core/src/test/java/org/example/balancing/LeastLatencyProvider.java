package org.example.balancing;

import io.ambassador.spi.Settings;
import io.ambassador.spi.balancing.BalancingPolicy;
import io.ambassador.spi.balancing.BalancingPolicyProvider;
import io.ambassador.spi.balancing.Candidate;
import io.ambassador.spi.balancing.Pick;
import java.util.List;

/** A policy as somebody else would write it, found by its word on the class path: the quickest endpoint below a limit. */
public final class LeastLatencyProvider implements BalancingPolicyProvider<LeastLatencyProvider.Config> {
    /** @param maxConnections an endpoint with this many is used only when every other is as busy */
    public record Config(int maxConnections) {}

    @Override
    public String type() {
        return "least-latency";
    }

    @Override
    public Config parse(Settings settings) {
        return new Config(settings.integer("max-connections", 100, 1, 1_000_000));
    }

    @Override
    public BalancingPolicy create(Config config) {
        return candidates -> pick -> quickest(candidates, pick, config.maxConnections());
    }

    private static Candidate quickest(List<Candidate> candidates, Pick pick, int maxConnections) {
        Candidate best = null;
        for (Candidate candidate : candidates) {
            if (!pick.tried(candidate)
                    && (best == null || cost(candidate, maxConnections) < cost(best, maxConnections))) {
                best = candidate;
            }
        }
        return best;
    }

    private static double cost(Candidate candidate, int maxConnections) {
        return candidate.activeConnections() >= maxConnections ? Double.MAX_VALUE : candidate.latencyNanos();
    }
}
