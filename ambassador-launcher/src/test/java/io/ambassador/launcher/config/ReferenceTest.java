package io.ambassador.launcher.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ambassador.launcher.config.Reference.Key;
import io.ambassador.service.Catalog;
import io.ambassador.spi.Settings;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the table of keys against what is read, and the documentation against the table. */
class ReferenceTest {
    private static final Path DOCUMENT = Path.of("..", "docs", "configuration.md");

    @TempDir
    private Path folder;

    @Test
    void theTableHasEveryKeyThatIsAskedForAndNoOther() throws Exception {
        Catalog catalog = Catalog.load();
        Asked asked = new Asked("", new TreeSet<>(), Asked.BLOCKS);
        new ServiceReader("x", Settings.of("services.x", asked), catalog).read();
        Set<String> leaves = new TreeSet<>(asked.leaves());
        catalog.protocols().types().forEach(leaves::remove); // blocks of a protocol's own
        catalog.probes().types().forEach(type -> leaves.remove("health." + type));

        assertEquals(Reference.SERVICE.stream().map(Key::path).collect(Collectors.toCollection(TreeSet::new)), leaves);
    }

    @Test
    void theTableHasEveryGlobalKeyToo() throws Exception {
        Asked asked = new Asked("", new TreeSet<>(), Asked.GLOBAL_BLOCKS);
        new ConfigReader(Catalog.load()).globals(Settings.of("", asked));
        Set<String> leaves = new TreeSet<>(asked.leaves());
        leaves.removeAll(Reference.LATER_GLOBAL);
        leaves.remove("admin.drills");

        assertEquals(Reference.GLOBAL.stream().map(Key::path).collect(Collectors.toCollection(TreeSet::new)), leaves);
    }

    static Stream<Key> keysWithDefaults() {
        return Reference.SERVICE.stream().filter(key -> !key.fallback().isEmpty());
    }

    @ParameterizedTest
    @MethodSource("keysWithDefaults")
    void aDefaultIsWhatAnAbsentKeyStandsFor(Key key) throws Exception {
        String others = "protocol = redis, credentials.password.file = /p, tls.server-name = x,"
                + " client-tls { certificate = /c, key = /k }";
        if (key.path().equals("protocol")) {
            others = "";
        }

        assertEquals(
                new Hocon(folder).service(others).only(),
                new Hocon(folder)
                        .service(others)
                        .set("services.redis." + key.path() + "=" + key.fallback())
                        .only());
    }

    @Test
    void theDocumentShowsTheTable() throws Exception {
        String document = Files.readString(DOCUMENT);
        String expected =
                withTable(withTable(document, "service keys", Reference.SERVICE), "global keys", Reference.GLOBAL);
        if (!expected.equals(document)) {
            Path wanted = Path.of("target", "configuration.md");
            Files.write(wanted, expected.getBytes(StandardCharsets.UTF_8));
            assertEquals(expected, document, "Copy " + wanted.toAbsolutePath() + " to docs/configuration.md.");
        }
    }

    private static String withTable(String document, String name, List<Key> keys) {
        String marker = "<!-- " + name + " -->\n";
        int begin = document.indexOf(marker) + marker.length();
        StringBuilder table = new StringBuilder("| key | type | default | meaning |\n|---|---|---|---|\n");
        for (Key key : keys) {
            String fallback = key.fallback().isEmpty() ? "" : "`" + key.fallback() + "`";
            table.append("| `")
                    .append(key.path())
                    .append("` | ")
                    .append(key.type())
                    .append(" | ");
            table.append(fallback)
                    .append(fallback.isEmpty() ? "| " : " | ")
                    .append(key.meaning())
                    .append(" |\n");
        }
        return document.substring(0, begin) + table + document.substring(document.indexOf("<!-- end -->", begin));
    }

    /** Has every block and no value, and notes what it is asked for. */
    private record Asked(String path, Set<String> asked, Set<String> blocks) implements Settings.Source {
        private static final Set<String> BLOCKS = Set.of(
                "credentials",
                "tls",
                "client-tls",
                "health",
                "health.outlier",
                "locality",
                "flap-damping",
                "on-change",
                "limits",
                "allow",
                "proxy-protocol");
        private static final Set<String> GLOBAL_BLOCKS = Set.of("discovery", "admin", "log", "reload");

        @Override
        public Set<String> keys() {
            return Set.of();
        }

        @Override
        public @Nullable Object get(String key) {
            String full = path.isEmpty() ? key : path + "." + key;
            asked.add(full);
            return blocks.contains(full) ? new Asked(full, asked, blocks) : null;
        }

        @Override
        public String origin(String key) {
            return "";
        }

        Set<String> leaves() {
            return asked.stream().filter(key -> !blocks.contains(key)).collect(Collectors.toSet());
        }
    }
}
