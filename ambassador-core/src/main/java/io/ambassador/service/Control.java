package io.ambassador.service;

import io.ambassador.spi.LogLimiter;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** Work for the control thread. */
final class Control {
    private static final LogLimiter LIMITER = new LogLimiter();

    private Control() {}

    /** Runs {@code task} later; a failure is logged, since nobody asks a timer how it went. */
    static @Nullable ScheduledFuture<?> schedule(
            ScheduledExecutorService control, Logger log, Runnable task, Duration delay) {
        Runnable guarded = () -> {
            try {
                task.run();
            } catch (RuntimeException e) {
                LIMITER.log(
                        log.getName(),
                        left -> log.error("A task of the control thread failed.{}", LogLimiter.more(left), e));
            }
        };
        try {
            return control.schedule(guarded, delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            log.debug("Not scheduled: the ambassador is shutting down.");
            return null;
        }
    }
}
