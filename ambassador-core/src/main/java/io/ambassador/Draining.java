package io.ambassador;

import io.ambassador.service.Service;
import io.ambassador.spi.Units;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** The end of one service: what is open may end by itself until the drain timeout, and what is open then is cut. */
final class Draining {
    private static final long POLL = TimeUnit.MILLISECONDS.toNanos(20);

    /** How long what has been cut may take to be gone. */
    private static final long GRACE = TimeUnit.SECONDS.toNanos(1);

    private final Service service;
    private final ScheduledExecutorService control;
    private final Duration timeout;
    private final long deadline;
    private final CompletableFuture<Void> over = new CompletableFuture<>();
    private volatile boolean hurried;
    private boolean cut;
    private long cutAt;

    private Draining(Service service, ScheduledExecutorService control) {
        this.service = service;
        this.control = control;
        this.timeout = service.spec().onChange().drainTimeout();
        this.deadline = System.nanoTime() + timeout.toNanos();
    }

    /**
     * Blocks until all {@code services}, which accept no more, have ended, each in its own time. Whoever is interrupted
     * meanwhile wants them to end now.
     */
    static void await(Collection<Service> services, ScheduledExecutorService control) {
        List<Draining> all =
                services.stream().map(service -> new Draining(service, control)).toList();
        CompletableFuture<?> over =
                CompletableFuture.allOf(all.stream().map(Draining::begin).toArray(CompletableFuture<?>[]::new));
        try {
            over.get();
        } catch (InterruptedException e) {
            all.forEach(draining -> draining.hurried = true);
            over.join();
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    private CompletableFuture<Void> begin() {
        lookIn(0);
        return over;
    }

    private void lookIn(long nanos) {
        try {
            control.schedule(this::look, nanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            over.complete(null); // nothing runs any more
        }
    }

    private void look() {
        long now = System.nanoTime();
        if (service.active() == 0 || cut && now - cutAt > GRACE) {
            tell();
            over.complete(null);
            return;
        }
        if (!cut && (hurried || deadline - now <= 0)) {
            cut = true;
            cutAt = now;
            service.cut();
        }
        lookIn(cut ? POLL : Math.min(POLL, deadline - now));
    }

    private void tell() {
        long number = service.cutConnections();
        if (number > 0) {
            String when = hurried ? "in a hurry" : "at the drain timeout of " + Units.format(timeout);
            service.log().warn("cut {}: {} connections that were still open", when, number);
        }
    }
}
