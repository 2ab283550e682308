package io.ambassador.spi.discovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import org.junit.jupiter.api.Test;

class EndpointTest {
    @Test
    void putsBracketsRoundIpv6() {
        assertEquals("10.0.0.7:8080", Endpoint.of("10.0.0.7", 8080).address());
        assertEquals("[fd00::7]:8080", Endpoint.of("fd00::7", 8080).address());
    }

    @Test
    void refusesWhatCannotBeDialled() {
        assertThrows(IllegalArgumentException.class, () -> Endpoint.of("", 80));
        assertThrows(IllegalArgumentException.class, () -> Endpoint.of("[::1]", 80));
        assertThrows(IllegalArgumentException.class, () -> Endpoint.of("10.0.0.7", 0));
        assertThrows(IllegalArgumentException.class, () -> Endpoint.of("10.0.0.7", 65_536));
        assertThrows(IllegalArgumentException.class, () -> new Endpoint("h", 1, -1, 0, Map.of()));
        assertThrows(IllegalArgumentException.class, () -> new Endpoint("h", 1, Endpoint.MAX_WEIGHT + 1, 0, Map.of()));
        assertThrows(IllegalArgumentException.class, () -> new Endpoint("h", 1, 1, -1, Map.of()));
    }
}
