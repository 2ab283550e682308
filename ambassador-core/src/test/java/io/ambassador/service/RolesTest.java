package io.ambassador.service;

import static io.ambassador.spi.protocol.ServerRole.PRIMARY;
import static io.ambassador.spi.protocol.ServerRole.REPLICA;
import static io.ambassador.spi.protocol.ServerRole.UNKNOWN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.metrics.EndpointMeters;
import io.ambassador.resilience.Ejection;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.ProbeResult;
import io.ambassador.spi.protocol.ServerRole;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class RolesTest {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final Roles roles = new Roles(TestSpecs.journal(), LoggerFactory.getLogger("test"));
    private final PooledEndpoint a = member(1);
    private final PooledEndpoint b = member(2);

    @Test
    void serversAreBelievedWhereTheSourceTellsNothing() {
        say(a, PRIMARY);
        say(b, PRIMARY);
        assertRoles(PRIMARY, PRIMARY);
    }

    @Test
    void primaryIsWhomBothTheSourceAndItselfCallSo() {
        tell(a, "primary");
        tell(b, "replica");
        assertRoles(UNKNOWN, UNKNOWN);
        say(a, PRIMARY);
        say(b, PRIMARY);
        assertRoles(PRIMARY, UNKNOWN);
        assertTrue(b.isDisputed());
        say(b, REPLICA);
        assertRoles(PRIMARY, REPLICA);
        assertFalse(b.isDisputed());
    }

    @Test
    void replicaThatIsToBePromotedIsAReplicaUntilItSaysOtherwise() {
        tell(a, "primary");
        say(a, REPLICA);
        assertRoles(REPLICA, UNKNOWN);
        assertTrue(a.isDisputed());
        say(a, PRIMARY);
        assertRoles(PRIMARY, UNKNOWN);
        assertFalse(a.isDisputed());
    }

    @Test
    void sourceAloneIsBelievedWhereServersWereAskedAndTellNothing() {
        tell(a, "primary");
        tell(b, "replica");
        b.neverProbed();
        a.probed(ProbeResult.unhealthy("refused"), 1, 1);
        assertRoles(UNKNOWN, REPLICA);
        say(a, UNKNOWN);
        assertRoles(PRIMARY, REPLICA);
    }

    @Test
    void serversAloneAreBelievedWhileTheSourceIsAway() {
        tell(a, "primary");
        tell(b, "replica");
        say(a, PRIMARY);
        say(b, REPLICA);
        roles.stale(true);
        assertRoles(PRIMARY, REPLICA);
        say(a, REPLICA);
        say(b, PRIMARY);
        assertRoles(REPLICA, PRIMARY);
    }

    @Test
    void ofTwoPrimariesTheOneInUseStaysWhileTheSourceIsAway() {
        tell(a, "primary");
        tell(b, "replica");
        say(a, PRIMARY);
        say(b, REPLICA);
        assertRoles(PRIMARY, REPLICA);
        roles.stale(true);
        say(b, PRIMARY);
        assertRoles(PRIMARY, UNKNOWN);

        a.probed(ProbeResult.unhealthy("refused"), 1, 1); // the one in use is gone, and somebody else was promoted
        assertRoles(UNKNOWN, PRIMARY);
        say(a, PRIMARY); // it is back, and has not heard that it was demoted
        assertRoles(UNKNOWN, PRIMARY);
        say(a, REPLICA);
        assertRoles(REPLICA, PRIMARY);
    }

    private void assertRoles(ServerRole first, ServerRole second) {
        roles.settle(List.of(a, b));
        assertEquals(List.of(first, second), List.of(a.role(), b.role()));
    }

    private static void say(PooledEndpoint member, ServerRole role) {
        member.probed(ProbeResult.healthy(role, "ok"), 1, 1);
    }

    private static void tell(PooledEndpoint member, String role) {
        member.update(new Endpoint("127.0.0.1", member.endpoint().port(), 1, 0, Map.of(Endpoint.ROLE, role)));
    }

    private PooledEndpoint member(int port) {
        Endpoint endpoint = Endpoint.of("127.0.0.1", port);
        return new PooledEndpoint(endpoint, Ejection.never(), new EndpointMeters(registry, "test", endpoint.address()));
    }
}
