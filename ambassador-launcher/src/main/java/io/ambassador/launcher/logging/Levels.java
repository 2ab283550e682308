package io.ambassador.launcher.logging;

import io.ambassador.spi.Words;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;
import org.slf4j.event.Level;

/** From which level on each logger writes. */
final class Levels {
    private static final String NETTY = "io.netty";
    private static final List<String> WORDS = List.of("error", "warn", "info", "debug", "trace");

    private final TreeMap<String, Level> byName = new TreeMap<>(Map.of("", Level.INFO, NETTY, Level.WARN));

    private Levels() {}

    /**
     * @param text {@code info}, or {@code info,io.netty=debug,service.redis=trace}
     * @throws IllegalArgumentException whose message says which word is no level
     */
    static Levels parse(String text) {
        Levels levels = new Levels();
        for (String part : text.split(",", -1)) {
            int equals = part.indexOf('=');
            String name = equals < 0 ? "" : part.substring(0, equals).trim();
            String word = part.substring(equals + 1).trim().toLowerCase(Locale.ROOT);
            if (!WORDS.contains(word)) {
                throw new IllegalArgumentException(
                        "\"" + word + "\" is not a level (" + Words.didYouMean(word, WORDS) + ")");
            }
            levels.byName.put(TextFormat.shorten(name), Level.valueOf(word.toUpperCase(Locale.ROOT)));
        }
        return levels;
    }

    /** The longest name that the logger's begins with decides. */
    Level of(String logger) {
        String name = TextFormat.shorten(logger);
        String best = "";
        for (String prefix : byName.keySet()) {
            if (prefix.length() > best.length() && (name.equals(prefix) || name.startsWith(prefix + "."))) {
                best = prefix;
            }
        }
        return byName.getOrDefault(best, Level.INFO);
    }

    /** As {@link #parse} reads it. */
    @Override
    public String toString() {
        StringJoiner text = new StringJoiner(",");
        byName.forEach((name, level) ->
                text.add((name.isEmpty() ? "" : name + "=") + level.name().toLowerCase(Locale.ROOT)));
        return text.toString();
    }
}
