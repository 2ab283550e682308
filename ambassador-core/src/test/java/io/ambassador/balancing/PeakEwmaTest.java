package io.ambassador.balancing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.balancing.Picker;
import io.ambassador.testkit.BalancingPolicyContract;
import io.ambassador.testkit.TestCandidate;
import io.ambassador.testkit.TestPick;
import java.util.List;
import org.junit.jupiter.api.Test;

class PeakEwmaTest extends BalancingPolicyContract {
    private static final double MILLISECOND = 1e6;

    @Override
    protected String type() {
        return "peak-ewma";
    }

    @Test
    void equallyQuickOnesFollowWeights() throws Exception {
        for (int[] weights : new int[][] {{1, 1, 1}, {1, 2, 3, 4}, {90, 10}}) {
            List<TestCandidate> candidates = TestCandidate.ofWeights(weights);
            candidates.forEach(candidate -> candidate.latencyNanos(MILLISECOND));
            Picker picker = policy().picker(List.copyOf(candidates));

            Shares.assertFollowWeights(Shares.ofShortConnections(picker, candidates), candidates, 0.03);
            Shares.assertFollowWeights(Shares.ofHeldConnections(picker, candidates, 500), candidates, 0.03);
        }
    }

    /** One that takes four times as long settles at about a quarter of the others' connections. */
    @Test
    void aSlowOneHoldsFewerConnections() throws Exception {
        List<TestCandidate> candidates = TestCandidate.equal(3);
        candidates.forEach(candidate -> candidate.latencyNanos(MILLISECOND));
        candidates.get(2).latencyNanos(4 * MILLISECOND);

        int[] counts = Shares.ofHeldConnections(policy().picker(List.copyOf(candidates)), candidates, 900);

        assertEquals(Shares.PICKS * 4 / 9.0, counts[0], Shares.PICKS * 0.03);
        assertEquals(Shares.PICKS * 4 / 9.0, counts[1], Shares.PICKS * 0.03);
        assertEquals(Shares.PICKS / 9.0, counts[2], Shares.PICKS * 0.03);
    }

    @Test
    void avoidsASlowOneWhileTheOthersAreIdle() throws Exception {
        List<TestCandidate> candidates = TestCandidate.equal(3);
        candidates.forEach(candidate -> candidate.latencyNanos(MILLISECOND));
        candidates.get(0).latencyNanos(50 * MILLISECOND);

        int[] counts = Shares.ofShortConnections(policy().picker(List.copyOf(candidates)), candidates);

        assertEquals(0, counts[0], "two choices always offer a quicker one");
    }

    @Test
    void anUnmeasuredOneGetsItsShareAndNoStampede() throws Exception {
        List<TestCandidate> candidates = TestCandidate.equal(4);
        candidates.subList(1, 4).forEach(candidate -> candidate.latencyNanos(MILLISECOND));
        Picker picker = policy().picker(List.copyOf(candidates));

        for (int i = 0; i < 400; i++) {
            ((TestCandidate) picker.pick(TestPick.from(i))).connections(1);
        }

        int unmeasured = candidates.get(0).activeConnections();
        assertTrue(unmeasured >= 80 && unmeasured <= 110, "got " + unmeasured + " of 400");
    }
}
