package io.ambassador.transport;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices that files changed, by looking at what their paths lead to: inode, size, and times of modification and
 * change. Polling sees what events miss: a symbolic link swapped further up, network file systems, bind mounts. A file
 * that goes or comes is a change too.
 */
public final class FileWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FileWatch.class);

    private final Map<Path, Object> seen;
    private final Runnable changed;
    private final Future<?> polling;
    private volatile boolean closed;

    private FileWatch(Map<Path, Object> seen, Duration interval, ScheduledExecutorService scheduler, Runnable changed) {
        this.seen = new LinkedHashMap<>(seen);
        this.changed = changed;
        this.polling = scheduler.scheduleWithFixedDelay(
                this::poll, interval.toNanos(), interval.toNanos(), TimeUnit.NANOSECONDS);
    }

    /**
     * Starts watching. Whoever reads the files afterwards misses no change.
     *
     * @param scheduler a thread that may wait for a disk; {@code changed} runs there too
     * @param changed called once after each look that found something different; may throw, which is logged
     */
    public static FileWatch start(
            Collection<Path> files, Duration interval, ScheduledExecutorService scheduler, Runnable changed) {
        Map<Path, Object> now = new LinkedHashMap<>();
        files.forEach(file -> now.put(file, stamp(file)));
        return new FileWatch(now, interval, scheduler, changed);
    }

    /**
     * The same for files that were read before, if {@link #stamp} was asked before that.
     *
     * @param seen what it said of each
     */
    public static FileWatch resume(
            Map<Path, Object> seen, Duration interval, ScheduledExecutorService scheduler, Runnable changed) {
        return new FileWatch(seen, interval, scheduler, changed);
    }

    /** May be called twice; no call starts after it has returned. */
    @Override
    public synchronized void close() {
        closed = true;
        polling.cancel(false);
    }

    private synchronized void poll() {
        if (closed) {
            return;
        }
        boolean different = false;
        for (Map.Entry<Path, Object> file : seen.entrySet()) {
            Object now = stamp(file.getKey());
            different |= !now.equals(file.setValue(now));
        }
        if (!different) {
            return;
        }
        try {
            changed.run();
        } catch (RuntimeException e) {
            LOG.error("A change of {} could not be followed.", seen.keySet(), e);
        }
    }

    /** What is another when the file is. */
    public static Object stamp(Path file) {
        boolean unix = file.getFileSystem().supportedFileAttributeViews().contains("unix");
        try {
            return Files.readAttributes(
                    file, unix ? "unix:ino,dev,size,lastModifiedTime,ctime" : "size,lastModifiedTime,fileKey");
        } catch (NoSuchFileException e) {
            return "missing";
        } catch (IOException e) {
            return e.toString();
        }
    }
}
