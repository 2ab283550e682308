package io.ambassador.launcher.config;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import io.ambassador.service.Catalog;
import io.ambassador.spi.ConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every example of the documents, damaged: what comes of it is a configuration or a list of problems, soon, and never
 * anything else. {@code -Dmutations=1000000} does more of it, {@code -Dmutations.seed=1} others.
 */
class MutationsTest {
    private static final Path DOCUMENTS = Path.of("..", "docs");
    private static final Pattern BLOCK = Pattern.compile("(?s)```hocon\n(.*?)```");
    private static final int COUNT = Integer.getInteger("mutations", 2_000);
    private static final List<String> PIECES = List.of(
            "{",
            "}",
            "[",
            "]",
            "\"",
            "\"\"\"",
            "${",
            "${?",
            "}",
            "+=",
            "=",
            ":",
            ",",
            ".",
            "\n",
            "\\",
            "#",
            "//",
            "(",
            ")",
            "null",
            "\0",
            "\u2028",
            "ambassador",
            "services",
            "include ",
            "include url(\"http://127.0.0.1:9/\")",
            "include file(\"/etc/passwd\")",
            "include required(\"x\")",
            "${ambassador}",
            "-1",
            "1e999",
            "9".repeat(400),
            "off");

    @TempDir
    private Path folder;

    @Test
    @Timeout(300)
    void damageIsAProblemAndNothingWorse() throws Exception {
        List<String> seeds = seeds();
        assertTrue(seeds.size() > 10, "examples in " + DOCUMENTS);
        Catalog catalog = Catalog.load();
        Path file = folder.resolve("ambassador.conf");
        Random random = new Random(Long.getLong("mutations.seed", 1));
        int refused = 0;
        for (int i = 0; i < COUNT; i++) {
            String text = damage(seeds.get(i % seeds.size()), random);
            Files.writeString(file, text);
            syntaxIsNotQuoted(text, file);
            try {
                Configuration read = ConfigReader.read(
                        ConfigSources.load(ConfigFactory.empty(), List.of(file), Map.of(), List.of()), catalog);
                assertFalse(read.effective().get().isEmpty());
            } catch (ConfigurationException e) {
                refused++;
                assertFalse(e.problems().isEmpty(), text);
                for (String problem : e.problems()) {
                    assertTrue(problem.chars().noneMatch(Character::isISOControl), () -> problem + "\nin\n" + text);
                }
            } catch (RuntimeException | StackOverflowError e) {
                throw new AssertionError(text, e);
            }
        }
        assertTrue(refused > COUNT / 10 && refused < COUNT, refused + " of " + COUNT + " were refused");
    }

    /** Whatever is no HOCON may hold a password anywhere. */
    private static void syntaxIsNotQuoted(String text, Path file) {
        try {
            ConfigFiles.parse(text.replaceAll("[a-z]{4,}", "hunter2"), "x", new FileIncluder(file, used -> {}));
        } catch (ConfigException e) {
            String told = ConfigFiles.explain("x", e);
            assertFalse(told.replace(file.toString(), "").contains("hunter2"), () -> told + "\nin\n" + text);
        }
    }

    private static List<String> seeds() throws IOException {
        List<String> seeds = new ArrayList<>();
        try (Stream<Path> pages = Files.walk(DOCUMENTS)) {
            for (Path page : pages.filter(path -> path.toString().endsWith(".md"))
                    .sorted()
                    .toList()) {
                Matcher block = BLOCK.matcher(Files.readString(page));
                while (block.find()) {
                    String text = block.group(1);
                    seeds.add(text.startsWith("ambassador") ? text : "ambassador {\n" + text + "\n}");
                }
            }
        }
        return seeds;
    }

    private static String damage(String seed, Random random) {
        StringBuilder text = new StringBuilder(seed);
        for (int wounds = random.nextInt(4); wounds >= 0; wounds--) {
            int at = random.nextInt(text.length() + 1);
            int to = Math.min(text.length(), at + random.nextInt(12));
            switch (random.nextInt(6)) {
                case 0 -> text.delete(at, to);
                case 1 -> text.insert(at, PIECES.get(random.nextInt(PIECES.size())));
                case 2 -> text.insert(at, text.substring(at, to).repeat(1 + random.nextInt(3)));
                case 3 -> text.setLength(at);
                case 4 -> text.replace(at, to, PIECES.get(random.nextInt(PIECES.size())));
                default -> {
                    if (at < text.length()) {
                        text.setCharAt(at, (char) random.nextInt(0x3000));
                    }
                }
            }
        }
        return text.toString();
    }
}
