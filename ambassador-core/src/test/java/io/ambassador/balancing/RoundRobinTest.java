package io.ambassador.balancing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.balancing.BalancingPolicy;
import io.ambassador.spi.balancing.Candidate;
import io.ambassador.spi.balancing.Picker;
import io.ambassador.testkit.BalancingPolicyContract;
import io.ambassador.testkit.TestCandidate;
import io.ambassador.testkit.TestPick;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class RoundRobinTest extends BalancingPolicyContract {
    @Override
    protected String type() {
        return "round-robin";
    }

    @Test
    void equalWeightsTakeStrictTurns() throws Exception {
        List<Candidate> candidates = List.copyOf(TestCandidate.equal(3));
        Picker picker = policy().picker(candidates);
        int last = candidates.indexOf(picker.pick(TestPick.from(0)));

        for (int i = 0; i < 1_000; i++) {
            int next = candidates.indexOf(picker.pick(TestPick.from(0)));
            assertEquals((last + 1) % 3, next);
            last = next;
        }
    }

    @Test
    void followsWeights() throws Exception {
        for (int[] weights :
                new int[][] {{1, 2, 3, 4}, {5, 1, 1}, {60, 30, 10}, {1, 99}, {7, 7, 7}, {1000, 1500, 2500}}) {
            List<TestCandidate> candidates = TestCandidate.ofWeights(weights);

            int[] counts = Shares.ofShortConnections(policy().picker(List.copyOf(candidates)), candidates);

            Shares.assertFollowWeights(counts, candidates, 0.001);
        }
    }

    @Test
    void roundsOfTheHeaviestGiveExactlyTheWeights() {
        int[] weights = {6, 4, 9, 1, 12};
        List<Candidate> candidates = List.copyOf(TestCandidate.ofWeights(weights));
        Picker picker = new RoundRobinPicker(candidates, new AtomicLong());
        int[] counts = new int[weights.length];

        for (int i = 0; i < IntStream.of(weights).sum() * 10; i++) {
            counts[candidates.indexOf(picker.pick(TestPick.from(i)))]++;
        }

        for (int i = 0; i < weights.length; i++) {
            assertEquals(10 * weights[i], counts[i]);
        }
    }

    /** A burst must not fall on one endpoint, even where another has most of the weight. */
    @Test
    void shortBurstsInterleave() throws Exception {
        List<Candidate> candidates = List.copyOf(TestCandidate.ofWeights(5, 1, 1));
        Picker picker = policy().picker(candidates);
        for (int burst = 0; burst < 1_000; burst++) {
            Set<Candidate> met = new HashSet<>();
            for (int i = 0; i < 8; i++) {
                met.add(picker.pick(TestPick.from(i)));
            }
            assertTrue(met.size() >= 2, "eight picks met " + met);
        }
    }

    @Test
    void manyLightOnesDoNotTakeTheirTurnsTogether() throws Exception {
        int[] weights = new int[11];
        Arrays.fill(weights, 1);
        weights[0] = 10;
        List<Candidate> candidates = List.copyOf(TestCandidate.ofWeights(weights));
        Picker picker = policy().picker(candidates);
        int away = 0;
        for (int i = 0; i < 10_000; i++) {
            away = picker.pick(TestPick.from(i)) == candidates.get(0) ? 0 : away + 1;
            assertTrue(away <= 3, "the heaviest was passed over " + away + " times");
        }
    }

    @Test
    void rebuildsGoOnWhereTheLastPickerStopped() throws Exception {
        BalancingPolicy policy = policy();
        List<TestCandidate> candidates = TestCandidate.equal(3);
        int[] counts = new int[3];
        Candidate last = null;
        for (int i = 0; i < 9_000; i++) {
            Candidate picked = policy.picker(List.copyOf(candidates)).pick(TestPick.from(i));
            assertNotSame(last, picked);
            last = picked;
            counts[candidates.indexOf(picked)]++;
        }
        for (int count : counts) {
            assertEquals(3_000, count);
        }
    }

    @Test
    void retriesAreSharedByWeightToo() throws Exception {
        List<TestCandidate> candidates = TestCandidate.ofWeights(100, 10, 10);
        Picker picker = policy().picker(List.copyOf(candidates));
        int[] counts = new int[3];
        for (int i = 0; i < Shares.PICKS; i++) {
            counts[candidates.indexOf(picker.pick(TestPick.from(i).after(candidates.get(0))))]++;
        }
        assertEquals(0, counts[0]);
        assertEquals(5_000, counts[1], 500);
    }

    /** Turns are taken by all threads together: none may be lost, however they interleave. */
    @RepeatedTest(5)
    void threadsTogetherStillFollowWeights() throws Exception {
        List<TestCandidate> candidates = TestCandidate.ofWeights(1, 2, 5);
        Picker picker = policy().picker(List.copyOf(candidates));
        AtomicIntegerArray counts = new AtomicIntegerArray(3);
        List<Thread> threads = IntStream.range(0, 8)
                .mapToObj(thread -> new Thread(() -> {
                    for (int i = 0; i < 10_000; i++) {
                        counts.incrementAndGet(candidates.indexOf(picker.pick(TestPick.from(i))));
                    }
                }))
                .toList();
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(10_000, counts.get(0), 2);
        assertEquals(20_000, counts.get(1), 2);
        assertEquals(50_000, counts.get(2), 2);
    }
}
