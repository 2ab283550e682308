package org.example.balancing;

import static org.junit.jupiter.api.Assertions.assertSame;

import io.ambassador.testkit.BalancingPolicyContract;
import io.ambassador.testkit.TestCandidate;
import io.ambassador.testkit.TestPick;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Shows that a policy from elsewhere needs nothing but the SPI and the testkit. */
class LeastLatencyTest extends BalancingPolicyContract {
    @Override
    protected String type() {
        return "least-latency";
    }

    @Override
    protected Map<String, ?> settings() {
        return Map.of("max-connections", 2);
    }

    @Test
    void picksTheQuickestBelowTheLimit() throws Exception {
        List<TestCandidate> candidates = TestCandidate.equal(2);
        candidates.get(0).latencyNanos(10);
        candidates.get(1).latencyNanos(20);

        assertSame(candidates.get(0), policy().picker(List.copyOf(candidates)).pick(TestPick.from(1)));
        candidates.get(0).connections(2);
        assertSame(candidates.get(1), policy().picker(List.copyOf(candidates)).pick(TestPick.from(1)));
    }
}
