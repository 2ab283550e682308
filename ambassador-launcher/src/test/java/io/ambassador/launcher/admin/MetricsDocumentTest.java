package io.ambassador.launcher.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.explain.EndReason;
import io.ambassador.metrics.Meters;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds {@code docs/metrics.md} against the meters there are. */
class MetricsDocumentTest {
    @Test
    void everyMeterIsDocumentedAsItIs() throws Exception {
        List<String> rows =
                Stream.of(Meters.values()).map(MetricsDocumentTest::row).toList();

        List<String> documented = Files.readAllLines(Path.of("..", "docs", "metrics.md")).stream()
                .filter(line -> line.startsWith("| `ambassador."))
                .toList();

        assertEquals(String.join("\n", rows), String.join("\n", documented));
    }

    @Test
    void everyReasonIsDocumented() throws Exception {
        String document = Files.readString(Path.of("..", "docs", "metrics.md")).replaceAll("\\s+", " ");

        assertTrue(
                document.contains("why a connection ended: "
                        + Stream.of(EndReason.values())
                                .map(reason -> "`" + reason.word() + "`")
                                .collect(Collectors.joining(", "))
                        + "."),
                document);
    }

    private static String row(Meters meter) {
        String labels = meter.tags().stream().map(tag -> "`" + tag + "`").collect(Collectors.joining(", "));
        String unit = meter.unit().isEmpty() ? "–" : meter.unit();
        return "| `" + meter.meterName() + "` | " + unit + " | " + labels + " | " + meter.description() + " |";
    }
}
