package io.ambassador.launcher;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Asks for a reload when a file that the configuration was read from changes, and has then been the same for a moment.
 * Thread-safe.
 */
final class ReloadWatch implements AutoCloseable {
    private static final long LOOK_MILLIS = 500;

    /** So that somebody who is still writing is waited for. */
    private static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(1_500);

    private final Runnable reload;
    private final Map<Path, Object> seen = new LinkedHashMap<>();
    private @Nullable ScheduledExecutorService thread;
    private @Nullable Future<?> looking;
    private boolean changed;
    private long changedAt;
    private boolean closed;

    ReloadWatch(Runnable reload) {
        this.reload = reload;
    }

    /**
     * From now on.
     *
     * @param files with the {@link FileStamp} that each had before it was read; empty to watch none
     */
    synchronized void follow(Map<Path, Object> files) {
        if (looking != null) {
            looking.cancel(false);
            looking = null;
        }
        seen.clear();
        seen.putAll(files);
        if (closed || files.isEmpty()) {
            return;
        }
        if (thread == null) {
            thread = Executors.newSingleThreadScheduledExecutor(new DefaultThreadFactory("ambassador-files", true));
        }
        looking = thread.scheduleWithFixedDelay(this::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }

    private synchronized void look() {
        for (Map.Entry<Path, Object> file : seen.entrySet()) {
            Object now = FileStamp.of(file.getKey());
            if (!now.equals(file.setValue(now))) {
                changed = true;
                changedAt = System.nanoTime();
            }
        }
        if (changed && System.nanoTime() - changedAt >= QUIET_NANOS) {
            changed = false;
            reload.run();
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (thread != null) {
            thread.shutdownNow();
        }
    }
}
