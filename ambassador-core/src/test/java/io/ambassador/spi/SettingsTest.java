package io.ambassador.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SettingsTest {
    private enum Mode {
        OFF,
        READ_ONLY
    }

    @Test
    void readsEveryKind() {
        Settings settings = Settings.of(
                "x",
                Map.of(
                        "text", "a",
                        "number", 7,
                        "flag", "on",
                        "wait", "5s",
                        "never", "off",
                        "size", "64KiB",
                        "share", "20%",
                        "mode", "read-only",
                        "path", "/tmp/a"));

        assertEquals("a", settings.string("text"));
        assertEquals("7", settings.string("number"));
        assertEquals(7, settings.integer("number", 1, 1, 10));
        assertTrue(settings.bool("flag", false));
        assertEquals(Duration.ofSeconds(5), settings.duration("wait", Duration.ZERO));
        assertNull(settings.durationOrOff("never", Duration.ZERO));
        assertEquals(65_536, settings.size("size", 0));
        assertEquals(0.2, settings.share("share", 0));
        assertEquals(Mode.READ_ONLY, settings.word("mode", Mode.OFF));
        assertEquals(Path.of("/tmp/a"), settings.optionalPath("path"));
        settings.refuseUnknownKeys();
        assertEquals(List.of(), settings.problems());
    }

    @Test
    void fallsBackWhereAKeyIsAbsent() {
        Settings settings = Settings.of("x", Map.of());

        assertEquals("f", settings.string("a", "f"));
        assertEquals(3, settings.integer("a", 3, 1, 10));
        assertEquals(Duration.ofSeconds(1), settings.durationOrOff("a", Duration.ofSeconds(1)));
        assertEquals(List.of(), settings.strings("a"));
        assertFalse(settings.block("a").has("b"));
        assertEquals(List.of(), settings.problems());
    }

    @Test
    void falseAndOffAreOneWord() {
        Settings settings = Settings.of("x", Map.of("mode", false, "wait", false));

        assertEquals(Mode.OFF, settings.word("mode", Mode.READ_ONLY));
        assertNull(settings.durationOrOff("wait", Duration.ZERO));
    }

    @Test
    void reportsEveryProblemWithItsKey() {
        Settings settings = Settings.of(
                "services.redis",
                Map.of(
                        "port",
                        99_999,
                        "flag",
                        "perhaps",
                        "wait",
                        "soon",
                        "mode",
                        "readonly",
                        "list",
                        List.of("1", "x")));

        settings.string("name");
        settings.integer("port", 1, 1, 65_535);
        settings.bool("flag", true);
        settings.duration("wait", Duration.ZERO);
        settings.word("mode", Mode.OFF);
        settings.list("list", "a number", Integer::valueOf);

        assertEquals(
                List.of(
                        "services.redis.name: is missing (expected text)",
                        "services.redis.port: \"99999\" is not a whole number from 1 to 65535",
                        "services.redis.flag: \"perhaps\" is not true or false",
                        "services.redis.wait: \"soon\" is not a duration such as 250ms, 5s or 2m",
                        "services.redis.mode: \"readonly\" is not a known word (did you mean read-only? known: off,"
                                + " read-only)",
                        "services.redis.list: \"x\" is not a number"),
                settings.problems());
        assertThrows(ConfigurationException.class, settings::throwIfWrong);
    }

    @Test
    void namesUnknownKeysHereAndBelow() {
        Settings settings = Settings.of(
                "x",
                Map.of(
                        "intervall",
                        1,
                        "blob",
                        1,
                        "block",
                        Map.of("pth", 1),
                        "list",
                        List.of(Map.of("a", 1), Map.of("b", 2))));
        settings.integer("interval", 1, 1, 2);
        settings.block("block").string("path", "");
        settings.items("list").forEach(item -> item.block().string("a", ""));

        settings.refuseUnknownKeys();
        settings.refuseUnknownKeys();

        assertEquals(
                List.of(
                        "x.blob: is not a known key (did you mean block? known: block, interval, list)",
                        "x.intervall: is not a known key (did you mean interval? known: block, interval, list)",
                        "x.block.pth: is not a known key (did you mean path? known: path)",
                        "x.list[1].b: is not a known key (did you mean a? known: a)"),
                settings.problems());
    }

    @Test
    void refusesTheWrongShape() {
        Map<String, Object> values = new HashMap<>();
        values.put("text", List.of("a"));
        values.put("number", Map.of("a", 1));
        values.put("block", "a");
        values.put("list", Arrays.asList("a", null));
        Settings settings = Settings.of("", values);

        settings.string("text");
        settings.integer("number", 1, 1, 2);
        settings.block("block");
        settings.items("list");

        assertEquals(
                4,
                settings.problems().stream().filter(p -> p.contains("is not")).count());
    }

    @Test
    void tellsWhereAValueWasWritten() {
        Settings settings = Settings.of("x", new Settings.Source() {
            @Override
            public Set<String> keys() {
                return Set.of("port");
            }

            @Override
            public Object get(String key) {
                return key.equals("port") ? "no" : null;
            }

            @Override
            public String origin(String key) {
                return key.equals("port") ? "ambassador.conf: 14" : "";
            }
        });

        settings.integer("port", 1, 1, 9);
        settings.derived("port", Map.of("a", "b")).integer("a", 1, 1, 9);

        assertEquals(
                List.of(
                        "ambassador.conf: 14: x.port: \"no\" is not a whole number from 1 to 9",
                        "ambassador.conf: 14: x.port.a: \"b\" is not a whole number from 1 to 9"),
                settings.problems());
    }

    @Test
    void aBlockAskedForTwiceKnowsWhatEitherAskerKnows() {
        Settings settings = Settings.of("root", Map.of("block", Map.of("a", 1, "b", 2)));

        settings.block("block").integer("a", 0, 0, 9);
        settings.block("block").integer("b", 0, 0, 9);
        settings.refuseUnknownKeys();

        assertEquals(List.of(), settings.problems());
    }
}
