package io.ambassador.spi.discovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EndpointTest {
    @Test
    void putsBracketsRoundIpv6() {
        assertEquals("10.0.0.7:8080", Endpoint.of("10.0.0.7", 8080).address());
        assertEquals("[fd00::7]:8080", Endpoint.of("fd00::7", 8080).address());
    }

    @Test
    void isAnotherIfAnyPartOfItIs() {
        Endpoint one = new Endpoint("10.0.0.7", 80, 2, 1, "a", Set.of("x"), Map.of("k", "v"));
        Endpoint same = new Endpoint("10.0.0.7", 80, 2, 1, "a", Set.of("x"), Map.of("k", "v"));
        assertEquals(one, same);
        assertEquals(one.hashCode(), same.hashCode());
        for (Endpoint other : List.of(
                new Endpoint("10.0.0.8", 80, 2, 1, "a", Set.of("x"), Map.of("k", "v")),
                new Endpoint("10.0.0.7", 81, 2, 1, "a", Set.of("x"), Map.of("k", "v")),
                new Endpoint("10.0.0.7", 80, 3, 1, "a", Set.of("x"), Map.of("k", "v")),
                new Endpoint("10.0.0.7", 80, 2, 0, "a", Set.of("x"), Map.of("k", "v")),
                new Endpoint("10.0.0.7", 80, 2, 1, "b", Set.of("x"), Map.of("k", "v")),
                new Endpoint("10.0.0.7", 80, 2, 1, "a", Set.of("y"), Map.of("k", "v")),
                new Endpoint("10.0.0.7", 80, 2, 1, "a", Set.of("x"), Map.of("k", "w")))) {
            assertNotEquals(one, other);
            assertNotEquals(new EndpointState.Known(Set.of(one)), new EndpointState.Known(Set.of(other)));
        }
        assertEquals(new EndpointState.Known(Set.of(one)), new EndpointState.Known(Set.of(same)));
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
