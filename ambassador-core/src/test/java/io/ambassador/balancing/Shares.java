package io.ambassador.balancing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.ambassador.spi.balancing.Candidate;
import io.ambassador.spi.balancing.Picker;
import io.ambassador.testkit.TestCandidate;
import io.ambassador.testkit.TestPick;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/** How 10,000 picks were spread. */
final class Shares {
    static final int PICKS = 10_000;

    private Shares() {}

    /** Each connection ends before the next begins. */
    static int[] ofShortConnections(Picker picker, List<TestCandidate> candidates) {
        return ofHeldConnections(picker, candidates, 0);
    }

    /** Each connection stays open while {@code held} more are opened. */
    static int[] ofHeldConnections(Picker picker, List<TestCandidate> candidates, int held) {
        int[] counts = new int[candidates.size()];
        Deque<TestCandidate> open = new ArrayDeque<>();
        for (int i = 0; i < PICKS; i++) {
            Candidate picked = picker.pick(TestPick.from(i));
            assertNotNull(picked);
            counts[candidates.indexOf(picked)]++;
            TestCandidate candidate = (TestCandidate) picked;
            candidate.connections(1);
            open.add(candidate);
            if (open.size() > held) {
                open.remove().connections(-1);
            }
        }
        open.forEach(candidate -> candidate.connections(-1));
        return counts;
    }

    /** @param tolerance share of all picks that a count may differ by */
    static void assertFollowWeights(int[] counts, List<TestCandidate> candidates, double tolerance) {
        double total = candidates.stream().mapToInt(TestCandidate::weight).sum();
        for (int i = 0; i < counts.length; i++) {
            double expected = PICKS * candidates.get(i).weight() / total;
            assertEquals(expected, counts[i], PICKS * tolerance, candidates.get(i) + " of " + Arrays.toString(counts));
        }
    }
}
