package io.ambassador.launcher;

import io.ambassador.transport.FileWatch;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Asks for a reload when a file that the configuration was read from changes, and has then been the same for a moment.
 * Thread-safe.
 */
final class ReloadWatch implements AutoCloseable {
    private static final Duration INTERVAL = Duration.ofSeconds(1);

    /** Longer than between two looks, so that somebody still writing is noticed. */
    private static final long QUIET_MILLIS = 1_500;

    private final Runnable reload;
    private @Nullable ScheduledExecutorService thread;
    private @Nullable FileWatch watch;
    private @Nullable Future<?> pending;
    private boolean closed;

    ReloadWatch(Runnable reload) {
        this.reload = reload;
    }

    /**
     * From now on.
     *
     * @param files with what {@link FileWatch#stamp} said of each before it was read; empty to watch none
     */
    synchronized void follow(Map<Path, Object> files) {
        if (watch != null) {
            watch.close();
            watch = null;
        }
        if (closed || files.isEmpty()) {
            return;
        }
        if (thread == null) {
            thread = Executors.newSingleThreadScheduledExecutor(new DefaultThreadFactory("ambassador-files", true));
        }
        watch = FileWatch.resume(files, INTERVAL, thread, this::changed);
    }

    private synchronized void changed() {
        if (pending != null) {
            pending.cancel(false);
        }
        try {
            pending = closed || thread == null ? null : thread.schedule(reload, QUIET_MILLIS, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            pending = null; // closed at this very moment
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (watch != null) {
            watch.close();
        }
        if (thread != null) {
            thread.shutdownNow();
        }
    }
}
