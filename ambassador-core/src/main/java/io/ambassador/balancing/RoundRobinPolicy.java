package io.ambassador.balancing;

import io.ambassador.spi.balancing.BalancingPolicy;
import io.ambassador.spi.balancing.Candidate;
import io.ambassador.spi.balancing.Picker;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Carries the turn from one picker to the next, so that a rebuild goes on where the last picker stopped. The first
 * turn is random: a fleet of ambassadors started together does not begin at one endpoint.
 */
final class RoundRobinPolicy implements BalancingPolicy {
    private final AtomicLong turn = new AtomicLong(ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE));

    @Override
    public Picker picker(List<Candidate> candidates) {
        return new RoundRobinPicker(candidates, turn);
    }
}
