package io.ambassador.balancing;

import io.ambassador.spi.balancing.BalancingPolicy;
import io.ambassador.spi.balancing.Candidate;
import io.ambassador.spi.balancing.Pick;
import io.ambassador.spi.balancing.Picker;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Draws two candidates by weight and takes the cheaper one; the first drawn, if they cost the same.
 *
 * @see <a href="https://www.eecs.harvard.edu/~michaelm/postscripts/handbook2001.pdf">Mitzenmacher and others, "The
 *     power of two random choices"</a>
 */
final class TwoChoices implements Picker {
    /** Compares two candidates by what a connection to them costs. */
    interface Cost {
        boolean cheaper(Candidate a, Candidate b);
    }

    private final Candidate[] candidates;
    private final WeightedDraw draw;
    private final Cost cost;

    private TwoChoices(List<Candidate> candidates, Cost cost) {
        this.candidates = candidates.toArray(Candidate[]::new);
        this.draw = new WeightedDraw(this.candidates);
        this.cost = cost;
    }

    static BalancingPolicy policy(Cost cost) {
        return candidates -> new TwoChoices(candidates, cost);
    }

    @Override
    public @Nullable Candidate pick(Pick pick) {
        int n = candidates.length;
        if (n < 2) {
            return n == 1 && !pick.tried(candidates[0]) ? candidates[0] : null;
        }
        ThreadLocalRandom random = ThreadLocalRandom.current();
        int first = draw.next(random);
        int second = draw.next(random);
        if (second == first) {
            second = (first + 1 + random.nextInt(n - 1)) % n;
        }
        Candidate one = candidates[first];
        Candidate other = candidates[second];
        if (pick.tried(one)) {
            return pick.tried(other) ? Untried.draw(candidates, pick) : other;
        }
        return cost.cheaper(other, one) && !pick.tried(other) ? other : one;
    }
}
