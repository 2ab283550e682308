package io.ambassador.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.typesafe.config.ConfigFactory;
import io.ambassador.launcher.config.ConfigReader;
import io.ambassador.launcher.config.ConfigSources;
import io.ambassador.service.Catalog;
import io.ambassador.spi.ConfigurationException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/**
 * Holds every example of the documents: configuration is read, commands of ours are parsed and their targets read, Java
 * is code that some test compiles. What readers type otherwise is run by {@code ExamplesIT}, or stands below with the
 * reason why it is not.
 */
class DocumentsTest {
    /** @param number counts the page's blocks from 1 */
    record Block(String page, int number, String language, String text) {
        String name() {
            return page + "#" + number;
        }

        @Override
        public String toString() {
            return name() + " " + language;
        }
    }

    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern OURS = Pattern.compile("(?m)^(?:\\$ )?(?:bin/)?ambassador ((?:[^\\n\\\\]|\\\\\\n)*)");

    /** Whole pages whose {@code console} blocks ExamplesIT types, with real servers. */
    private static final Set<String> RUN = Set.of("docs/protocols", "docs/discovery");

    /** And the one of the first page. */
    private static final Set<String> RUN_BLOCKS = Set.of("README.md#3");

    /** What no test runs or compiles as it stands, and why. */
    private static final Map<String, String> REASONS = Map.ofEntries(
            Map.entry("README.md#1", "bin/verify runs the demo's tour; DemoIT runs the rest"),
            Map.entry(
                    "README.md#2",
                    "asks the demo on the default port, which a test must not take; DemoIT takes another"),
            Map.entry("docs/getting-started.md#5", "asks the reader's own service on the default ports"),
            Map.entry("docs/command-line.md#3", "the application is the reader's own; RunApplicationIT runs one so"),
            Map.entry("docs/discovery/README.md#3", "an outline of PropertiesSourceTest, which the page names"),
            Map.entry("docs/extending.md#2", "a comment stands for what readers do; FaultRelayTest does it"),
            Map.entry("docs/extending.md#4", "a log line stands for what readers do; LeaseBoardTest does it"),
            Map.entry("docs/getting-started.md#7", "the address is the reader's own; AmbassadorTest does the same"),
            Map.entry("docs/footprint.md#1", "takes minutes and a quiet machine; FootprintIT measures less"),
            Map.entry("docs/footprint.md#2", "prints what differs from run to run, by a tool of the JDK"),
            Map.entry("docs/image.md#1", "ImageIT does it with a tag and bases of its own"),
            Map.entry("docs/image.md#2", "needs BuildKit, an emulator and a registry"),
            Map.entry("docs/image.md#3", "the application is the reader's own; ImageIT runs one so"),
            Map.entry("docs/image.md#4", "asks the reader's own container; ImageIT has one"),
            Map.entry("docs/life-of-a-connection.md#1", "a measurement of minutes, whose test runs smaller each time"),
            Map.entry("docs/life-of-a-connection.md#2", "a measurement of minutes, whose test runs smaller each time"),
            Map.entry("docs/operations.md#1", "needs a port that is taken; the reload's own tests make one"),
            Map.entry("docs/operations.md#2", "drains the reader's own endpoint; the drain's own tests have one"),
            Map.entry(
                    "docs/operations.md#4",
                    "asks the default admin port, which a test must not take; LauncherIT takes another"),
            Map.entry("docs/operations.md#5", "never ends; the events' own tests read as long as they need"),
            Map.entry("docs/troubleshooting.md#1", "asks the default admin port and reads the reader's own log"));

    /** What a command of the documents finds in its environment. */
    private static final Map<String, String> LINKED = Map.of("REDIS_PORT_6379_TCP", "tcp://127.0.0.1:6379");

    static Stream<Block> blocks() throws IOException {
        List<Block> blocks = new ArrayList<>();
        try (Stream<Path> files = Files.walk(ROOT.resolve("docs"))) {
            for (Path file : Stream.concat(Stream.of(ROOT.resolve("README.md")), files)
                    .filter(path -> path.toString().endsWith(".md"))
                    .sorted()
                    .toList()) {
                String page = ROOT.relativize(file).toString();
                Matcher fence = Pattern.compile("(?ms)^```(\\w*)\\n(.*?)^```$").matcher(Files.readString(file));
                for (int i = 1; fence.find(); i++) {
                    blocks.add(new Block(page, i, fence.group(1), fence.group(2)));
                }
            }
        }
        return blocks.stream();
    }

    static Stream<Block> configurations() throws IOException {
        return blocks().filter(block -> block.language().equals("hocon"));
    }

    static Stream<String> commands() throws IOException {
        return blocks().filter(block -> Set.of("", "console", "text").contains(block.language()))
                .flatMap(block -> OURS.matcher(block.text()).results().map(found -> found.group(1)));
    }

    @ParameterizedTest
    @MethodSource("configurations")
    void configurationIsRight(Block block, @TempDir Path folder) throws Exception {
        ConfigurationException wrong = null;
        for (String text : readings(block.text())) {
            Path file = Files.writeString(folder.resolve("ambassador.conf"), text);
            try {
                ConfigReader.read(
                        ConfigSources.load(ConfigFactory.empty(), List.of(file), Map.of(), List.of()), Catalog.load());
                return;
            } catch (ConfigurationException e) {
                wrong = wrong == null ? e : wrong;
            }
        }
        throw new AssertionError(block.toString(), wrong);
    }

    /**
     * A whole file, or what may stand in one: some keys of everything, with or without a service, of a service, or of its
     * credentials.
     */
    private static List<String> readings(String text) {
        String service = "listen = 1, discovery = \"static://127.0.0.1:1\"\n";
        String redis = "protocol = redis\n";
        String name = "ambassador.services.redis {\n";
        return List.of(
                text,
                "ambassador {\n" + text + "\n}",
                text + "\n" + name + service + "}",
                name + service + text + "\n}",
                name + service + redis + text + "\n}",
                name + service + redis + "credentials {\n" + text + "\n} }");
    }

    @ParameterizedTest
    @MethodSource("commands")
    void commandsOfOursAreUsedRight(String line) throws Exception {
        String[] words = Main.withAlias(words(line));
        CommandLine commands = Main.commandLine(words);
        CommandLine.ParseResult parsed = commands.parseArgs(words);
        while (parsed.hasSubcommand()) {
            parsed = parsed.subcommand();
        }
        if (parsed.commandSpec().userObject() instanceof ForwardCommand forward) {
            ConfigReader.read(
                    ConfigSources.load(forward.described(LINKED), List.of(), Map.of(), List.of()), Catalog.load());
        }
    }

    private static String[] words(String line) {
        String command = line.replace("\\\n", " ")
                .replaceAll("\\s#.*", "")
                .replaceAll("\\s(>>?|\\|).*", "")
                .replaceAll("&\\s*$", "");
        return Stream.of(command.trim().split("\\s+"))
                .map(word -> word.replaceAll("^'(.*)'$", "$1"))
                .toArray(String[]::new);
    }

    @Test
    void javaIsCompiledAndWhatReadersTypeIsRunOrThereIsAReason() throws Exception {
        String sources = sources();
        Set<String> unheld = blocks().filter(block -> block.language().equals("java")
                        ? !members(block).allMatch(sources::contains)
                        : isTyped(block)
                                && RUN.stream().noneMatch(block.page()::startsWith)
                                && !RUN_BLOCKS.contains(block.name()))
                .map(Block::name)
                .collect(Collectors.toCollection(TreeSet::new));

        assertEquals(new TreeSet<>(REASONS.keySet()), unheld);
    }

    private static boolean isTyped(Block block) {
        return block.language().equals("console") || block.text().lines().anyMatch(line -> line.startsWith("$ "));
    }

    /** Pages show a class without the members that do not matter to them. */
    private static Stream<String> members(Block block) {
        return Stream.of(block.text().split("…|\\n\\s*\\n"))
                .map(DocumentsTest::bare)
                .map(code -> code.replaceAll("}+$", ""));
    }

    private static String sources() throws IOException {
        try (Stream<Path> files = Files.walk(ROOT)) {
            return files.filter(path ->
                            path.toString().endsWith(".java") && path.toString().contains("/src/"))
                    .map(path -> {
                        try {
                            return bare(Files.readString(path));
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    })
                    .collect(Collectors.joining("\0"));
        }
    }

    /** Without what does not matter to a compiler. */
    private static String bare(String code) {
        return code.replaceAll("(?s)/\\*.*?\\*/", "")
                .replaceAll("(?m)(^|\\s)//.*$", "")
                .replaceAll("\\s+", "");
    }
}
