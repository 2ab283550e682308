package io.ambassador.balancing;

import io.ambassador.spi.balancing.Candidate;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Draws an index with a probability given by weight, in constant time.
 *
 * @see <a href="https://www.keithschwarz.com/darts-dice-coins/">Vose's alias method</a>
 */
final class WeightedDraw {
    private final double[] keep;
    private final int[] alias;

    WeightedDraw(Candidate[] candidates) {
        int n = candidates.length;
        keep = new double[n];
        alias = new int[n];
        double total = 0;
        for (Candidate candidate : candidates) {
            total += candidate.weight();
        }
        int[] small = new int[n];
        int[] large = new int[n];
        int smalls = 0;
        int larges = 0;
        for (int i = 0; i < n; i++) {
            alias[i] = i;
            keep[i] = candidates[i].weight() * n / total;
            if (keep[i] < 1) {
                small[smalls++] = i;
            } else {
                large[larges++] = i;
            }
        }
        while (smalls > 0 && larges > 0) {
            int poor = small[--smalls];
            int rich = large[larges - 1];
            alias[poor] = rich;
            keep[rich] -= 1 - keep[poor];
            if (keep[rich] < 1) {
                larges--;
                small[smalls++] = rich;
            }
        }
        // What is left differs from 1 by rounding only, and is its own alias.
    }

    int next(ThreadLocalRandom random) {
        int index = random.nextInt(keep.length);
        return keep[index] >= 1 || random.nextDouble() < keep[index] ? index : alias[index];
    }
}
