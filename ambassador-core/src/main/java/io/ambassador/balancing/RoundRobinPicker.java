package io.ambassador.balancing;

import io.ambassador.spi.balancing.Candidate;
import io.ambassador.spi.balancing.Pick;
import io.ambassador.spi.balancing.Picker;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Static stride scheduling. Turns go round the candidates in order; the heaviest takes each of its turns, one of
 * weight {@code w} takes {@code w} out of every {@code heaviest} turns, evenly spaced. So equal weights give plain
 * rotation, and {@code heaviest} rounds give every candidate exactly its weight. All state is one counter.
 */
final class RoundRobinPicker implements Picker {
    /** A retry that meets this many turns of tried candidates draws one of the others instead. */
    private static final int TRIED_TURNS = 3;

    private final Candidate[] candidates;
    private final int[] weights;
    private final int[] offsets;
    private final int heaviest;
    private final AtomicLong turn;

    RoundRobinPicker(List<Candidate> candidates, AtomicLong turn) {
        this.candidates = candidates.toArray(Candidate[]::new);
        this.turn = turn;
        int n = this.candidates.length;
        weights = new int[n];
        offsets = new int[n];
        int max = 1;
        for (int i = 0; i < n; i++) {
            weights[i] = this.candidates[i].weight();
            max = Math.max(max, weights[i]);
        }
        heaviest = max;
        for (int i = 0; i < n; i++) {
            // Candidates of one weight take turns in different rounds, however many there are.
            offsets[i] = (int) GoldenSequence.scale(i, heaviest);
        }
    }

    @Override
    public @Nullable Candidate pick(Pick pick) {
        int met = 0;
        while (met < candidates.length && met < TRIED_TURNS) {
            long now = turn.getAndIncrement();
            int index = (int) (now % candidates.length);
            if (takes(index, now / candidates.length)) {
                if (!pick.tried(candidates[index])) {
                    return candidates[index];
                }
                met++;
            }
        }
        return Untried.draw(candidates, pick);
    }

    private boolean takes(int index, long round) {
        int weight = weights[index];
        return weight == heaviest || (weight * (round % heaviest) + offsets[index]) % heaviest >= heaviest - weight;
    }
}
