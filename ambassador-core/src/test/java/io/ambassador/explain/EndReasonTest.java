package io.ambassador.explain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EndReasonTest {
    @Test
    void aCodeSaysWhoInWhichPhaseAndWhy() {
        assertEquals("---", EndReason.COMPLETED.code(Phase.RELAY));
        assertEquals("BCr", EndReason.CONNECT_REFUSED.code(Phase.CONNECT));
        assertEquals("BCt", EndReason.CONNECT_TIMEOUT.code(Phase.CONNECT));
        assertEquals("CLg", EndReason.CLIENT_GONE.code(Phase.LOGIN));
        assertEquals(List.of("CAg", "CGg", "CPg", "CCg", "CTg", "CLg"), EndReason.CLIENT_GONE.codes());
    }

    @Test
    void noTwoReasonsShareACode() {
        Set<String> seen = new HashSet<>();
        for (EndReason reason : EndReason.values()) {
            for (String code : reason.codes()) {
                assertTrue(seen.add(code), reason + " has " + code + ", as another");
                assertTrue(code.matches("---|[ABC][AGPCTLR][a-z]"), code);
            }
        }
    }

    @Test
    void aReasonOfOnePhaseEndsInThatPhase() {
        assertEquals(Phase.CONNECT, EndReason.CONNECT_REFUSED.phase(Phase.PICK));
        assertEquals(Phase.PICK, EndReason.CLIENT_GONE.phase(Phase.PICK));
        assertEquals(Phase.RELAY, EndReason.SHUTDOWN.phase(Phase.RELAY));
    }
}
