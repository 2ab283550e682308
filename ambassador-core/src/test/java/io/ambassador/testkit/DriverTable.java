package io.ambassador.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The table "works with these drivers" of {@code docs/protocols/NAME.md}, between the lines {@code <!-- drivers -->} and
 * {@code <!-- /drivers -->}. Tests note what passed; {@link #check}, called after all of them, fails with the right
 * table if the document has another one. Thread-safe.
 */
public final class DriverTable {
    private static final String BEGIN = "<!-- drivers -->\n";
    private static final String END = "<!-- /drivers -->";

    /** In alphabetical order, so that the order of tests does not matter. */
    private final Map<String, Map<String, Set<String>>> drivers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

    private final Path document;

    DriverTable(Path document) {
        this.document = document;
    }

    /** @param protocol as the document is named: {@code "redis"} */
    public static DriverTable of(String protocol) {
        return new DriverTable(Path.of("..", "docs", "protocols", protocol + ".md"));
    }

    /** The version of the library that {@code type} comes from, as its folder in Maven's repository is called. */
    public static String versionOf(Class<?> type) {
        Path jar =
                Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath());
        return jar.getParent().getFileName().toString();
    }

    /**
     * Notes that {@code what} was seen to work.
     *
     * @param version as short as it stays right: a library's own, but {@code 7.0} for what the operating system brings
     * @param what in the document's words: {@code "pub/sub"}
     */
    public synchronized void passed(String driver, String version, String... what) {
        drivers.computeIfAbsent(driver, unknown -> new TreeMap<>())
                .computeIfAbsent(version, unknown -> new TreeSet<>(String.CASE_INSENSITIVE_ORDER))
                .addAll(List.of(what));
    }

    /** Compares with the document. */
    public synchronized void check() {
        String text = read();
        int begin = text.indexOf(BEGIN);
        int end = text.indexOf(END);
        assertTrue(begin >= 0 && end > begin, document + " lacks the lines " + BEGIN.strip() + " and " + END);
        assertEquals(
                table(),
                text.substring(begin + BEGIN.length(), end),
                "What was seen to work differs from the table in " + document + ", which should be:\n" + table());
    }

    private String table() {
        StringBuilder table = new StringBuilder("| driver | version | seen to work |\n|---|---|---|\n");
        drivers.forEach((driver, versions) -> versions.forEach((version, what) -> table.append("| ")
                .append(driver)
                .append(" | ")
                .append(version)
                .append(" | ")
                .append(String.join(", ", what))
                .append(" |\n")));
        return table.toString();
    }

    private String read() {
        try {
            return Files.readString(document);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
