package io.ambassador.balancing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.balancing.Candidate;
import io.ambassador.spi.balancing.Picker;
import io.ambassador.testkit.BalancingPolicyContract;
import io.ambassador.testkit.TestCandidate;
import io.ambassador.testkit.TestPick;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConsistentHashTest extends BalancingPolicyContract {
    @Override
    protected String type() {
        return "consistent-hash";
    }

    @Test
    void aClientStaysWhateverItsPort() throws Exception {
        Picker picker = policy().picker(List.copyOf(TestCandidate.equal(10)));
        Candidate chosen = picker.pick(new TestPick(new InetSocketAddress("192.0.2.7", 1024)));
        for (int port = 1025; port < 2_000; port++) {
            assertSame(chosen, picker.pick(new TestPick(new InetSocketAddress("192.0.2.7", port))));
        }
    }

    @Test
    void theOrderOfCandidatesDoesNotMatter() throws Exception {
        List<TestCandidate> candidates = TestCandidate.ofWeights(1, 2, 3, 4, 5);
        List<TestCandidate> reversed = new ArrayList<>(candidates);
        Collections.reverse(reversed);
        Picker one = policy().picker(List.copyOf(candidates));
        Picker other = policy().picker(List.copyOf(reversed));
        for (int client = 0; client < 1_000; client++) {
            assertSame(one.pick(TestPick.from(client)), other.pick(TestPick.from(client)));
        }
    }

    /** Another process, or the next version, must send a client to the same endpoint. */
    @Test
    void theChoiceIsTheSameInEveryProcess() throws Exception {
        Picker picker = policy().picker(List.copyOf(TestCandidate.equal(10)));
        StringBuilder hosts = new StringBuilder();
        for (int client = 0; client < 16; client++) {
            hosts.append(picker.pick(TestPick.from(client)).endpoint().host().substring("10.0.0.".length()));
        }
        assertEquals("6768503516804894", hosts.toString());
    }

    @Test
    void followsWeights() throws Exception {
        for (int[] weights : new int[][] {{1, 1, 1}, {1, 2, 3, 4}, {90, 10}, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}}) {
            List<TestCandidate> candidates = TestCandidate.ofWeights(weights);

            int[] counts = Shares.ofShortConnections(policy().picker(List.copyOf(candidates)), candidates);

            Shares.assertFollowWeights(counts, candidates, 0.03);
        }
    }

    @Test
    void oneThatGoesMovesOnlyItsOwnClientsAndSpreadsThem() throws Exception {
        for (int[] weights : new int[][] {{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, {1, 2, 3, 4, 5, 5, 4, 3, 2, 1}}) {
            List<TestCandidate> candidates = TestCandidate.ofWeights(weights);
            List<TestCandidate> left = new ArrayList<>(candidates);
            TestCandidate gone = left.remove(4);
            Picker before = policy().picker(List.copyOf(candidates));
            Picker after = policy().picker(List.copyOf(left));
            int[] taken = new int[left.size()];

            for (int client = 0; client < Shares.PICKS; client++) {
                Candidate was = before.pick(TestPick.from(client));
                Candidate is = after.pick(TestPick.from(client));
                if (was == gone) {
                    taken[left.indexOf(is)]++;
                    assertSame(is, before.pick(TestPick.from(client).after(gone)), "its second choice");
                } else {
                    assertSame(was, is, "a client moved without need");
                }
            }
            for (int i = 0; i < taken.length; i++) {
                assertTrue(taken[i] > 0, left.get(i) + " took none of the clients");
            }
        }
    }

    @Test
    void moreWeightOnlyDrawsClientsIn() throws Exception {
        Picker before = policy().picker(List.copyOf(TestCandidate.ofWeights(10, 10, 10)));
        Picker after = policy().picker(List.copyOf(TestCandidate.ofWeights(10, 10, 15)));
        for (int client = 0; client < Shares.PICKS; client++) {
            String was = before.pick(TestPick.from(client)).endpoint().host();
            String is = after.pick(TestPick.from(client)).endpoint().host();
            assertTrue(was.equals(is) || is.equals("10.0.0.2"), was + " → " + is);
        }
    }

    @Test
    void retriesGoElsewhere() throws Exception {
        Picker picker = policy().picker(List.copyOf(TestCandidate.equal(5)));
        for (int client = 0; client < 100; client++) {
            Candidate first = picker.pick(TestPick.from(client));
            assertNotSame(first, picker.pick(TestPick.from(client).after(first)));
        }
    }
}
