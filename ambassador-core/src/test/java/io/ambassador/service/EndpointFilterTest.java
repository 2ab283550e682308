package io.ambassador.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.discovery.Endpoint;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EndpointFilterTest {
    private static final Endpoint ENDPOINT =
            new Endpoint("10.0.0.1", 1, 1, 0, "a", Set.of("blue", "v2"), Map.of("rack", "7", "name", "x"));

    @Test
    void allTagsAndMetadataMustBeThere() {
        assertTrue(EndpointFilter.ALL.admits(ENDPOINT));
        assertTrue(filter(Set.of("blue", "v2"), Set.of("green"), Map.of("rack", "7"))
                .admits(ENDPOINT));
        assertFalse(filter(Set.of("blue", "green"), Set.of(), Map.of()).admits(ENDPOINT));
        assertFalse(filter(Set.of("Blue"), Set.of(), Map.of()).admits(ENDPOINT));
        assertFalse(filter(Set.of("blue"), Set.of("v2"), Map.of()).admits(ENDPOINT));
        assertFalse(filter(Set.of(), Set.of(), Map.of("rack", "8")).admits(ENDPOINT));
        assertFalse(filter(Set.of(), Set.of(), Map.of("shelf", "7")).admits(ENDPOINT));
    }

    @Test
    void readsTheSameInEachProcess() {
        assertEquals(
                "tags [a, b, c], without tags [], metadata {k=v, l=w}",
                filter(Set.of("c", "a", "b"), Set.of(), Map.of("l", "w", "k", "v"))
                        .toString());
    }

    private static EndpointFilter filter(Set<String> tags, Set<String> without, Map<String, String> metadata) {
        return new EndpointFilter(tags, without, metadata);
    }
}
