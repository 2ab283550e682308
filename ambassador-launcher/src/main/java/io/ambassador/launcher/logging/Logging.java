package io.ambassador.launcher.logging;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.event.Level;

/** The log of this process. Thread-safe. */
public final class Logging {
    /** How an event is written. */
    public enum Format {
        TEXT,
        JSON
    }

    /** What is said without further ado. */
    public static final String DEFAULT_LEVELS = "info";

    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final LineWriter OUT = new LineWriter(new FileOutputStream(FileDescriptor.out), Logging::loss);
    private static final Map<String, LineLogger> LOGGERS = new ConcurrentHashMap<>();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(Logging::flush, "ambassador-log-flush"));
    }

    private static volatile LineFormat format = new TextFormat();
    private static Levels levels = Levels.parse(DEFAULT_LEVELS);

    private Logging() {}

    /**
     * Sets up the log; once, before anything logs.
     *
     * @throws IllegalArgumentException if there is no such level
     * @see #setLevels
     */
    public static void configure(String levels, Format format) {
        setLevels(levels);
        setFormat(format);
        System.setProperty("slf4j.provider", LogProvider.class.getName());
        System.setProperty("slf4j.internal.verbosity", "WARN");
    }

    /** From the next line on. */
    public static void setFormat(Format wanted) {
        format = wanted == Format.JSON ? new JsonFormat() : new TextFormat();
    }

    /**
     * From now on, for every logger there is or will be.
     *
     * @param text {@code info}, or {@code info,io.netty=debug,service.redis=trace}: the longest name that a logger's
     *     begins with decides; {@code io.ambassador.} may be left out. Netty's are at {@code warn} unless named.
     * @throws IllegalArgumentException whose message says which word is no level; nothing has changed then
     */
    public static synchronized void setLevels(String text) {
        levels = Levels.parse(text);
        LOGGERS.forEach((name, logger) -> logger.threshold(levels.of(name)));
    }

    /** What is in force, as {@link #setLevels} takes it. */
    public static synchronized String levels() {
        return levels.toString();
    }

    /** Whether {@link #setLevels} would take it. */
    public static void check(String text) {
        Levels.parse(text);
    }

    static Logger logger(String name) {
        Logger known = LOGGERS.get(name);
        return known != null ? known : newLogger(name);
    }

    /** One lock with {@link #setLevels}, so that a new logger misses no change. */
    private static synchronized Logger newLogger(String name) {
        return LOGGERS.computeIfAbsent(name, key -> new LineLogger(key, levels.of(key)));
    }

    static void write(Event event) {
        OUT.write(format.format(event));
    }

    private static String loss(long lines) {
        String message = lines + " lines of this log were lost: nobody read them in time.";
        return format.format(new Event(System.currentTimeMillis(), Level.WARN, "launcher", message, List.of(), null));
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
