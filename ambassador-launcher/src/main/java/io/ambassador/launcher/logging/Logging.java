package io.ambassador.launcher.logging;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.event.Level;

/** Sets up the log of this process; once, before anything logs. */
public final class Logging {
    /** How an event is written. */
    public enum Format {
        TEXT,
        JSON
    }

    static final String NETTY = "io.netty";

    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final LineWriter OUT = new LineWriter(new FileOutputStream(FileDescriptor.out), Logging::loss);

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(Logging::flush, "ambassador-log-flush"));
    }

    private static volatile Logging current = new Logging(Map.of("", Level.INFO, NETTY, Level.WARN), Format.TEXT);

    private final TreeMap<String, Level> levels;
    private final LineFormat format;

    private Logging(Map<String, Level> levels, Format format) {
        this.levels = new TreeMap<>(levels);
        this.format = format == Format.JSON ? new JsonFormat() : new TextFormat();
    }

    /**
     * @param levels {@code info}, or {@code info,io.netty=debug,service.redis=trace}: the longest name that a logger's
     *     begins with decides; {@code io.ambassador.} may be left out. Netty's are at {@code warn} unless named.
     * @throws IllegalArgumentException if there is no such level
     */
    public static void configure(String levels, Format format) {
        current = new Logging(parse(levels), format);
        System.setProperty("slf4j.provider", LogProvider.class.getName());
        System.setProperty("slf4j.internal.verbosity", "WARN");
    }

    static Map<String, Level> parse(String text) {
        Map<String, Level> levels = new TreeMap<>(Map.of("", Level.INFO, NETTY, Level.WARN));
        for (String part : text.split(",")) {
            int equals = part.indexOf('=');
            String name = equals < 0
                    ? ""
                    : TextFormat.shorten(part.substring(0, equals).trim());
            String level = part.substring(equals + 1).trim().toUpperCase(Locale.ROOT);
            levels.put(name, Level.valueOf(level));
        }
        return levels;
    }

    static Level level(String logger) {
        return level(current.levels, TextFormat.shorten(logger));
    }

    static Level level(Map<String, Level> levels, String logger) {
        String best = "";
        for (String name : levels.keySet()) {
            if (name.length() > best.length() && (logger.equals(name) || logger.startsWith(name + "."))) {
                best = name;
            }
        }
        return levels.getOrDefault(best, Level.INFO);
    }

    static void write(Event event) {
        OUT.write(current.format.format(event));
    }

    private static String loss(long lines) {
        String message = lines + " lines of this log were lost: nobody read them in time.";
        return current.format.format(
                new Event(System.currentTimeMillis(), Level.WARN, "launcher", message, List.of(), null));
    }

    /** Waits a moment for what was logged to be written, before the process ends without further ado. */
    public static void flush() {
        try {
            OUT.flush(PATIENCE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
