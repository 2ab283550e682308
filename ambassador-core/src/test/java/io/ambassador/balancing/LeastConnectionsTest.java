package io.ambassador.balancing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.balancing.BalancingPolicy;
import io.ambassador.spi.balancing.Candidate;
import io.ambassador.spi.balancing.Picker;
import io.ambassador.testkit.BalancingPolicyContract;
import io.ambassador.testkit.TestCandidate;
import io.ambassador.testkit.TestPick;
import java.util.List;
import org.junit.jupiter.api.Test;

class LeastConnectionsTest extends BalancingPolicyContract {
    @Override
    protected String type() {
        return "least-connections";
    }

    @Test
    void picksTheLeastBusyForItsWeight() throws Exception {
        List<TestCandidate> candidates = TestCandidate.ofWeights(1, 4, 1);
        candidates.get(0).connections(2);
        candidates.get(1).connections(7);
        candidates.get(2).connections(2);
        Picker picker = policy().picker(List.copyOf(candidates));

        assertSame(candidates.get(1), picker.pick(TestPick.from(1)), "7/4 is less than 2/1");
        candidates.get(1).connections(2);
        candidates.get(2).connections(-1);
        assertSame(candidates.get(2), picker.pick(TestPick.from(1)), "1/1 is less than 9/4");
    }

    @Test
    void openConnectionsFollowWeights() throws Exception {
        for (int[] weights : new int[][] {{1, 1, 1}, {1, 2, 3, 4}, {5, 1, 1}, {90, 10}}) {
            List<TestCandidate> candidates = TestCandidate.ofWeights(weights);

            int[] counts = Shares.ofHeldConnections(policy().picker(List.copyOf(candidates)), candidates, 500);

            Shares.assertFollowWeights(counts, candidates, 0.03);
        }
    }

    @Test
    void idleEndpointsShareByWeight() throws Exception {
        for (int[] weights : new int[][] {{1, 1, 1}, {1, 2, 3, 4}, {1, 99}}) {
            List<TestCandidate> candidates = TestCandidate.ofWeights(weights);

            int[] counts = Shares.ofShortConnections(policy().picker(List.copyOf(candidates)), candidates);

            Shares.assertFollowWeights(counts, candidates, 0.002);
        }
    }

    /** Where only some are idle, they share equally, wherever they stand. */
    @Test
    void theIdleOnesAmongBusyOnesShareEqually() throws Exception {
        List<TestCandidate> candidates = TestCandidate.equal(10);
        for (int busy : new int[] {2, 3, 4, 5, 6, 7, 8}) {
            candidates.get(busy).connections(50);
        }

        int[] counts = Shares.ofShortConnections(policy().picker(List.copyOf(candidates)), candidates);

        for (int idle : new int[] {0, 1, 9}) {
            assertEquals(Shares.PICKS / 3.0, counts[idle], Shares.PICKS * 0.002);
        }
    }

    @Test
    void rebuildsDoNotRestartAtTheFirst() throws Exception {
        BalancingPolicy policy = policy();
        List<TestCandidate> candidates = TestCandidate.equal(3);
        int[] counts = new int[3];
        for (int i = 0; i < 9_000; i++) {
            Candidate picked = policy.picker(List.copyOf(candidates)).pick(TestPick.from(i));
            counts[candidates.indexOf(picked)]++;
        }
        for (int count : counts) {
            assertTrue(count > 2_900 && count < 3_100, "" + count);
        }
    }
}
