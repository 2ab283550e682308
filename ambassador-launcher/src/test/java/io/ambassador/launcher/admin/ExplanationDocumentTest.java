package io.ambassador.launcher.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ambassador.explain.ConnectionRecord;
import io.ambassador.explain.EndReason;
import io.ambassador.explain.EventKind;
import io.ambassador.explain.Phase;
import io.ambassador.explain.Trail;
import io.ambassador.spi.discovery.Endpoint;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds what the documents say of codes, fields and events against what there is. */
class ExplanationDocumentTest {
    private static final Path DOCS = Path.of("..", "docs");

    @Test
    void everyCodeIsExplainedInItsPlace() throws Exception {
        List<String> headings = Files.readAllLines(DOCS.resolve("troubleshooting.md")).stream()
                .filter(line -> line.startsWith("### "))
                .toList();
        assertEquals(
                Stream.of(EndReason.values())
                        .map(reason -> "### "
                                + reason.codes().stream()
                                        .map(code -> "`" + code + "` ")
                                        .collect(Collectors.joining())
                                + reason.word())
                        .toList(),
                headings);
    }

    @Test
    void everyLetterOfAPhaseIsExplained() throws Exception {
        String document = Files.readString(DOCS.resolve("troubleshooting.md"));
        List<String> rows = Pattern.compile("\\| `([AGPCTLR])` \\| ([a-z]+) \\|")
                .matcher(document)
                .results()
                .map(row -> row.group(1) + " " + row.group(2))
                .toList();
        assertEquals(
                Stream.of(Phase.values())
                        .map(phase ->
                                EndReason.SHUTDOWN.codes().get(phase.ordinal()).charAt(1) + " " + phase.word())
                        .toList(),
                rows);
    }

    @Test
    void everyFieldIsExplained() throws Exception {
        Trail trail = new Trail("redis", new InetSocketAddress("127.0.0.1", 1));
        trail.routed("redis", "listener");
        for (Phase phase : Phase.values()) {
            trail.enter(phase);
        }
        trail.attempted(Endpoint.of("127.0.0.1", 2), null, "", 1);
        trail.loggedIn("app", 1, false);
        ConnectionRecord record = trail.end(EndReason.IDLE, "all of it", 1, 1);

        List<String> fields = new ArrayList<>(List.of("startedAt", "reason"));
        fields.addAll(record.fields().keySet());
        assertEquals(fields, table("fields"));
    }

    @Test
    void everyEventIsExplained() throws Exception {
        assertEquals(Stream.of(EventKind.values()).map(EventKind::word).toList(), table("events"));
    }

    /** The first column of a table of {@code operations.md}. */
    private static List<String> table(String name) throws IOException {
        String document = Files.readString(DOCS.resolve("operations.md"));
        int begin = document.indexOf("<!-- " + name + " -->");
        return document.substring(begin, document.indexOf("<!-- end -->", begin))
                .lines()
                .filter(line -> line.startsWith("| `"))
                .map(line -> line.substring(3, line.indexOf('`', 3)))
                .toList();
    }
}
