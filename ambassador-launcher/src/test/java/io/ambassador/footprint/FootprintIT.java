package io.ambassador.footprint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bin/footprint} works, and its figures are sane; how good they are takes a quiet machine. */
class FootprintIT {
    @TempDir
    private Path folder;

    @Test
    void everyFigureIsThere() throws Exception {
        Path output = folder.resolve("footprint.csv");
        Process footprint = new ProcessBuilder("../bin/footprint", "--quick", "--csv")
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertEquals(0, footprint.waitFor(), () -> read(output));

        Map<String, Double> values = new TreeMap<>();
        read(output).lines().filter(line -> line.startsWith("footprint,")).forEach(line -> {
            int last = line.lastIndexOf(',');
            values.put(line.substring("footprint,".length(), last), Double.valueOf(line.substring(last + 1)));
        });
        for (String variant : new String[] {"ambassador", "haproxy"}) {
            for (String row : new String[] {
                "start,%s,ms", "idle,%s,private-mib", "after-1000-requests,%s,rss-mib", "100-connections,%s,kib-each"
            }) {
                assertTrue(values.containsKey(row.formatted(variant)), () -> row + " of " + variant + ": " + values);
            }
        }
        double resident = values.get("idle,ambassador,rss-mib");
        assertTrue(resident > 20 && resident < 100, values::toString);
        assertTrue(values.get("idle,haproxy,rss-mib") < resident, values::toString);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
