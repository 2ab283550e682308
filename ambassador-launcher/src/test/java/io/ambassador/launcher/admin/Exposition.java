package io.ambassador.launcher.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A scrape, read as strictly as its format is defined: anything amiss fails the test.
 *
 * @see <a href="https://prometheus.io/docs/instrumenting/exposition_formats/">Prometheus, "Exposition formats"</a>
 * @see <a href="https://prometheus.io/docs/specs/om/open_metrics_spec/">OpenMetrics 1.0</a>
 */
final class Exposition {
    /** @param name with whatever the type adds to the family's */
    record Series(String name, Map<String, String> labels) {
        Series without(String label) {
            Map<String, String> rest = new TreeMap<>(labels);
            rest.remove(label);
            return new Series(name, rest);
        }
    }

    private static final String NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
    private static final Pattern META = Pattern.compile("# (HELP|TYPE|UNIT) (" + NAME + ") (.*)");
    private static final Pattern SAMPLE = Pattern.compile("(" + NAME + ")(?:\\{(.*)})? (\\S+)");
    private static final Pattern LABEL =
            Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\\n]|\\\\[\\\\\"n])*)\"(,|$)");
    private static final Pattern VALUE = Pattern.compile("NaN|[+-]Inf|[+-]?\\d+(\\.\\d+)?([eE][+-]?\\d+)?");

    private final boolean openMetrics;
    private final Map<String, String> types = new LinkedHashMap<>();
    private final Map<Series, Double> series = new LinkedHashMap<>();
    private final Set<String> closed = new HashSet<>();
    private String family = "";

    private Exposition(boolean openMetrics) {
        this.openMetrics = openMetrics;
    }

    static Exposition text(String scrape) {
        return new Exposition(false).read(scrape);
    }

    static Exposition openMetrics(String scrape) {
        assertTrue(scrape.endsWith("\n# EOF\n"), "no # EOF in the end");
        return new Exposition(true).read(scrape.substring(0, scrape.length() - "# EOF\n".length()));
    }

    /** Types by family. */
    Map<String, String> types() {
        return types;
    }

    /** Every series of this name. */
    List<Series> named(String name) {
        return series.keySet().stream().filter(each -> each.name().equals(name)).toList();
    }

    double value(String name, String... labels) {
        Map<String, String> wanted = new TreeMap<>();
        for (int i = 0; i < labels.length; i += 2) {
            wanted.put(labels[i], labels[i + 1]);
        }
        Double value = series.get(new Series(name, wanted));
        assertTrue(value != null, () -> name + wanted + " is not among " + named(name));
        return value;
    }

    private Exposition read(String scrape) {
        assertTrue(scrape.endsWith("\n"), "the last line has no end");
        scrape.lines().forEach(this::line);
        types.forEach((name, type) -> {
            if (type.equals("histogram")) {
                histogram(name);
            }
        });
        return this;
    }

    private void line(String line) {
        Matcher meta = META.matcher(line);
        if (meta.matches()) {
            enter(meta.group(2));
            if (meta.group(1).equals("TYPE")) {
                assertTrue(
                        Set.of("counter", "gauge", "histogram", "summary", "untyped", "unknown", "info")
                                .contains(meta.group(3)),
                        line);
                assertEquals(null, types.put(meta.group(2), meta.group(3)), line);
            }
            return;
        }
        Matcher sample = SAMPLE.matcher(line);
        assertTrue(sample.matches(), () -> "not a sample: " + line);
        assertTrue(VALUE.matcher(sample.group(3)).matches(), line);
        String name = sample.group(1);
        assertTrue(types.containsKey(family), () -> "no TYPE before " + line);
        assertTrue(suffixes(types.get(family)).anyMatch(suffix -> name.equals(family + suffix)), line);
        Series read = new Series(name, labels(sample.group(2), line));
        assertEquals(null, series.put(read, number(sample.group(3))), () -> "twice: " + line);
    }

    /** Lines of a family stand together. */
    private void enter(String name) {
        if (!family.equals(name)) {
            closed.add(family);
            assertFalse(closed.contains(name), () -> name + " is scattered");
            family = name;
        }
    }

    private Stream<String> suffixes(String type) {
        return switch (type) {
            case "counter" -> openMetrics ? Stream.of("_total", "_created") : Stream.of("", "_total");
            case "histogram" -> Stream.of("_bucket", "_count", "_sum", "_created");
            case "summary" -> Stream.of("", "_count", "_sum", "_created");
            case "info" -> Stream.of("_info");
            default -> Stream.of("");
        };
    }

    private static Map<String, String> labels(String text, String line) {
        Map<String, String> labels = new TreeMap<>();
        Matcher label = LABEL.matcher(text == null ? "" : text);
        int at = 0;
        while (text != null && at < text.length()) {
            assertTrue(label.find(at) && label.start() == at, () -> "not a label in " + line);
            assertEquals(null, labels.put(label.group(1), label.group(2)), () -> "a label twice in " + line);
            at = label.end();
        }
        return labels;
    }

    private static double number(String text) {
        return switch (text) {
            case "+Inf" -> Double.POSITIVE_INFINITY;
            case "-Inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(text);
        };
    }

    /** Buckets grow to {@code +Inf}, which is the count. */
    private void histogram(String name) {
        Map<Series, TreeMap<Double, Double>> buckets = new HashMap<>();
        for (Series bucket : named(name + "_bucket")) {
            buckets.computeIfAbsent(bucket.without("le"), key -> new TreeMap<>())
                    .put(number(bucket.labels().get("le")), series.get(bucket));
        }
        assertEquals(named(name + "_count").size(), buckets.size(), name);
        buckets.forEach((labels, counts) -> {
            double before = 0;
            for (double count : counts.values()) {
                assertTrue(count >= before, () -> labels + " shrinks: " + counts);
                before = count;
            }
            assertEquals(
                    series.get(new Series(name + "_count", labels.labels())),
                    counts.get(Double.POSITIVE_INFINITY),
                    () -> labels + " " + counts);
        });
    }
}
