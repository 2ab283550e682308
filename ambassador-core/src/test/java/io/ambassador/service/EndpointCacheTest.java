package io.ambassador.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ambassador.spi.discovery.Endpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EndpointCacheTest {
    @TempDir
    private Path directory;

    @Test
    void keepsAllThatIsKnownOfAnEndpoint() throws Exception {
        Set<Endpoint> endpoints = Set.of(
                Endpoint.of("fd00::1", 1),
                new Endpoint(
                        "10.0.0.1", 2, 0, 3, "eu 1\ta", Set.of("a=b", "\n", ""), Map.of("zone", "x", "k=\t", "%é")));
        EndpointCache cache = new EndpointCache(directory, "s", "question");

        cache.store(endpoints);

        assertEquals(endpoints, cache.load());
        assertEquals(Set.of(), new EndpointCache(directory, "s", "another question").load());
    }

    @Test
    void aDamagedLineIsSaid() throws Exception {
        EndpointCache cache = new EndpointCache(directory, "s", "question");
        cache.store(Set.of());
        Path file;
        try (var files = Files.list(directory)) {
            file = files.toList().get(0);
        }
        for (String wrong :
                List.of("10.0.0.1", "10.0.0.1\tx\t1\t0", "10.0.0.1\t1\t1\t0\tzone", "10.0.0.1\t1\t1\t0\tzone=%")) {
            Files.write(file, List.of("# endpoints 1", wrong));
            assertThrows(IOException.class, cache::load, wrong);
        }
    }
}
