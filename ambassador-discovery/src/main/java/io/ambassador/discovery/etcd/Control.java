package io.ambassador.discovery.etcd;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Steps for the control thread; one that throws is logged, since nobody asks how it went. */
final class Control {
    private static final Logger LOG = LoggerFactory.getLogger(Control.class);

    private final ScheduledExecutorService scheduler;
    private final String name;

    Control(ScheduledExecutorService scheduler, String name) {
        this.scheduler = scheduler;
        this.name = name;
    }

    void run(Runnable step) {
        after(Duration.ZERO, step);
    }

    /** {@code null} if there is no control thread any more. */
    @Nullable Future<?> after(Duration delay, Runnable step) {
        try {
            return scheduler.schedule(() -> guarded(step), delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: the control thread has stopped", name, e);
            return null;
        }
    }

    private void guarded(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            LOG.error("{}: a step failed in an unexpected way", name, e);
        }
    }
}
