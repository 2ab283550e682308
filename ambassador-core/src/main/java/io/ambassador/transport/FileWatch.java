package io.ambassador.transport;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices that files changed, by looking at what their paths lead to: inode, size, and times of modification and
 * change. Polling sees what events miss: a symbolic link swapped further up, network file systems, bind mounts. A file
 * that goes or comes is a change too.
 */
public final class FileWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FileWatch.class);

    private final List<Path> files;
    private final Runnable changed;
    private final Future<?> polling;
    private List<Object> seen;
    private volatile boolean closed;

    private FileWatch(Collection<Path> files, Duration interval, ScheduledExecutorService scheduler, Runnable changed) {
        this.files = List.copyOf(files);
        this.changed = changed;
        this.seen = look();
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
        return new FileWatch(files, interval, scheduler, changed);
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
        List<Object> now = look();
        if (now.equals(seen)) {
            return;
        }
        seen = now;
        try {
            changed.run();
        } catch (RuntimeException e) {
            LOG.error("A change of {} could not be followed.", files, e);
        }
    }

    private List<Object> look() {
        return files.stream().map(FileWatch::stamp).collect(Collectors.toUnmodifiableList());
    }

    private static Object stamp(Path file) {
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
