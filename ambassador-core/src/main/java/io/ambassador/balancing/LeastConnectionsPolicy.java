package io.ambassador.balancing;

import io.ambassador.spi.balancing.BalancingPolicy;
import io.ambassador.spi.balancing.Candidate;
import io.ambassador.spi.balancing.Picker;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/** Carries the position among equally busy endpoints from one picker to the next. */
final class LeastConnectionsPolicy implements BalancingPolicy {
    private final AtomicLong ties = new AtomicLong(ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE));

    @Override
    public Picker picker(List<Candidate> candidates) {
        return new LeastConnectionsPicker(candidates, ties);
    }
}
