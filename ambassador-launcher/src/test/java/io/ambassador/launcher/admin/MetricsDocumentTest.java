package io.ambassador.launcher.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.explain.EndReason;
import io.ambassador.metrics.Meters;
import io.ambassador.service.ServiceStatus;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.protocol.ServerRole;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
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

    @Test
    void everyValueOfALabelIsDocumented() throws Exception {
        String document = Files.readString(Path.of("..", "docs", "metrics.md"));
        Stream.of(LoginException.Kind.values(), ServiceStatus.Health.values(), ServerRole.values())
                .flatMap(Stream::of)
                .forEach(value -> assertTrue(
                        document.contains("`" + value.name().toLowerCase(Locale.ROOT) + "`"), value::toString));
    }

    @Test
    void theBucketsAreDocumented() throws Exception {
        String document = Files.readString(Path.of("..", "docs", "metrics.md")).replaceAll("\\s+", " ");

        assertTrue(
                document.contains("buckets end at "
                        + Stream.of(Meters.CONNECT.buckets())
                                .map(MetricsDocumentTest::inWords)
                                .collect(Collectors.joining(", "))
                        + "."),
                document);
    }

    private static String inWords(Duration bucket) {
        double millis = bucket.toNanos() / 1e6;
        String number =
                Double.toString(millis < 1_000 ? millis : millis / 1_000).replaceAll("\\.0$", "");
        return number + (millis < 1_000 ? " ms" : " s");
    }

    private static String row(Meters meter) {
        String labels = meter.tags().stream().map(tag -> "`" + tag + "`").collect(Collectors.joining(", "));
        String unit = meter.unit().isEmpty() ? "–" : meter.unit();
        return "| `" + meter.meterName() + "` | " + unit + " | " + labels + " | " + meter.description() + " |";
    }
}
