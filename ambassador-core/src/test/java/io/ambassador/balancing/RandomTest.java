package io.ambassador.balancing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.balancing.Picker;
import io.ambassador.testkit.BalancingPolicyContract;
import io.ambassador.testkit.TestCandidate;
import io.ambassador.testkit.TestPick;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

class RandomTest extends BalancingPolicyContract {
    @Override
    protected String type() {
        return "random";
    }

    @Test
    void shortConnectionsFollowWeights() throws Exception {
        for (int[] weights : new int[][] {{1, 1, 1}, {1, 2, 3, 4}, {1, 99}, {1000, 1, 1000}}) {
            List<TestCandidate> candidates = TestCandidate.ofWeights(weights);

            int[] counts = Shares.ofShortConnections(policy().picker(List.copyOf(candidates)), candidates);

            Shares.assertFollowWeights(counts, candidates, 0.03);
        }
    }

    @Test
    void openConnectionsFollowWeights() throws Exception {
        for (int[] weights : new int[][] {{1, 1, 1}, {1, 2, 3, 4}, {90, 10}}) {
            List<TestCandidate> candidates = TestCandidate.ofWeights(weights);

            int[] counts = Shares.ofHeldConnections(policy().picker(List.copyOf(candidates)), candidates, 500);

            Shares.assertFollowWeights(counts, candidates, 0.03);
        }
    }

    @Test
    void twoChoicesKeepTheBusiestNearTheMean() throws Exception {
        List<TestCandidate> candidates = TestCandidate.equal(100);
        Picker picker = policy().picker(List.copyOf(candidates));
        for (int i = 0; i < 10_000; i++) {
            ((TestCandidate) picker.pick(TestPick.from(i))).connections(1);
        }
        int busiest = candidates.stream()
                .mapToInt(TestCandidate::activeConnections)
                .max()
                .orElseThrow();
        assertTrue(busiest <= 105, "one of 100 endpoints has " + busiest + " of 10,000 connections");
    }

    @Test
    void ordersDifferBetweenPickers() throws Exception {
        List<TestCandidate> candidates = TestCandidate.equal(10);
        Picker one = policy().picker(List.copyOf(candidates));
        Picker other = policy().picker(List.copyOf(candidates));
        StringBuilder first = new StringBuilder();
        StringBuilder second = new StringBuilder();
        for (int i = 0; i < 50; i++) {
            first.append(candidates.indexOf(one.pick(TestPick.from(i))));
            second.append(candidates.indexOf(other.pick(TestPick.from(i))));
        }
        assertNotEquals(first.toString(), second.toString());
    }

    @Test
    void drawsByWeightWhateverTheirSpread() {
        int[] weights = {1, 1_000_000, 3, 250_000, 250_000, 17};
        WeightedDraw draw = new WeightedDraw(TestCandidate.ofWeights(weights).toArray(TestCandidate[]::new));
        int[] counts = new int[weights.length];
        for (int i = 0; i < 1_000_000; i++) {
            counts[draw.next(ThreadLocalRandom.current())]++;
        }
        for (int i = 0; i < weights.length; i++) {
            assertEquals(weights[i] / 1_500_021.0 * 1_000_000, counts[i], 5_000);
        }
    }
}
