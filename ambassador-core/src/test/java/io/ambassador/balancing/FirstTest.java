package io.ambassador.balancing;

import static org.junit.jupiter.api.Assertions.assertSame;

import io.ambassador.spi.balancing.Picker;
import io.ambassador.testkit.BalancingPolicyContract;
import io.ambassador.testkit.TestCandidate;
import io.ambassador.testkit.TestPick;
import java.util.List;
import org.junit.jupiter.api.Test;

class FirstTest extends BalancingPolicyContract {
    @Override
    protected String type() {
        return "first";
    }

    @Test
    void staysWithTheFirstUntilItWasTried() throws Exception {
        List<TestCandidate> candidates = TestCandidate.ofWeights(1, 1_000, 1_000);
        Picker picker = policy().picker(List.copyOf(candidates));
        for (int client = 0; client < Shares.PICKS; client++) {
            assertSame(candidates.get(0), picker.pick(TestPick.from(client)));
            assertSame(candidates.get(1), picker.pick(TestPick.from(client).after(candidates.get(0))));
        }
    }
}
