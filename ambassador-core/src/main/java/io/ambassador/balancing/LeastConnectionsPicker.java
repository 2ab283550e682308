package io.ambassador.balancing;

import io.ambassador.spi.balancing.Candidate;
import io.ambassador.spi.balancing.Pick;
import io.ambassador.spi.balancing.Picker;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Looks at every candidate for the fewest connections per weight. Equally busy ones, such as all idle ones, are used
 * in turn and as often as their weights say.
 */
final class LeastConnectionsPicker implements Picker {
    private final Candidate[] candidates;
    private final AtomicLong ties;

    LeastConnectionsPicker(List<Candidate> candidates, AtomicLong ties) {
        this.candidates = candidates.toArray(Candidate[]::new);
        this.ties = ties;
    }

    @Override
    public @Nullable Candidate pick(Pick pick) {
        Candidate best = null;
        long connections = 0;
        long weight = 1;
        long tiedWeight = 0;
        int tied = 0;
        for (Candidate candidate : candidates) {
            if (pick.tried(candidate)) {
                continue;
            }
            // a/w < b/v, multiplied out
            long mine = candidate.activeConnections() * weight;
            long least = connections * candidate.weight();
            if (best == null || mine < least) {
                best = candidate;
                connections = candidate.activeConnections();
                weight = candidate.weight();
                tiedWeight = weight;
                tied = 1;
            } else if (mine == least) {
                tiedWeight += candidate.weight();
                tied++;
            }
        }
        return tied > 1 ? share(pick, best, connections, weight, tiedWeight) : best;
    }

    /** Walks to this turn's point on the line of all equally busy candidates, each as long as its weight. */
    private @Nullable Candidate share(
            Pick pick, @Nullable Candidate fallback, long connections, long weight, long tiedWeight) {
        long point = GoldenSequence.scale(ties.getAndIncrement(), tiedWeight);
        Candidate last = fallback; // counts may have changed since they were compared
        for (Candidate candidate : candidates) {
            if (candidate.activeConnections() * weight <= connections * candidate.weight() && !pick.tried(candidate)) {
                last = candidate;
                point -= candidate.weight();
                if (point < 0) {
                    break;
                }
            }
        }
        return last;
    }
}
