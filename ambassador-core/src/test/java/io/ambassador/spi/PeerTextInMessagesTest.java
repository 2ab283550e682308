package io.ambassador.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ambassador.spi.discovery.DiscoveryException;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.protocol.ProbeResult;
import io.ambassador.spi.secret.CredentialException;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What peers say reaches whatever log an embedder has, fit for one line. */
class PeerTextInMessagesTest {
    private static final String HOSTILE = "no\n2026 INFO all is well\u001b[2J\u202e";
    private static final String SAFE = "no\\n2026 INFO all is well\\u001b[2J\\u202e";

    @Test
    void exceptionsAndAnswersAreEscaped() {
        assertEquals(SAFE, new DiscoveryException(HOSTILE).getMessage());
        assertEquals(SAFE, new CredentialException(HOSTILE).getMessage());
        assertEquals(SAFE, new LoginException(LoginException.Kind.REFUSED, HOSTILE).getMessage());
        assertEquals(SAFE, ProbeResult.unhealthy(HOSTILE).detail());
        assertEquals(SAFE, new EndpointState.Absent(HOSTILE).reason());
    }

    @Test
    void anEndpointsAddressHasNothingToEscape() {
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> Endpoint.of("10.0.0.1\n", 80));
        assertEquals("host: \"10.0.0.1\\n\" (expected: an address without brackets)", refused.getMessage());
        assertEquals(
                "10.0.0.1:80 {zone=" + SAFE + "}",
                new Endpoint("10.0.0.1", 80, 1, 0, Map.of("zone", HOSTILE)).toString());
    }
}
