package io.ambassador.auth;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Clients that come one after the other, each for one answer. One that is served quickly is alone; whoever waits longer
 * than a second is joined by the next.
 */
public final class Visitors implements AutoCloseable {
    /** One client. */
    public interface Visit {
        /** @return {@link #SERVED}, or what it was told instead */
        String make() throws IOException;
    }

    public static final String SERVED = "served";

    private final Queue<String> errors = new ConcurrentLinkedQueue<>();
    private final AtomicInteger served = new AtomicInteger();
    private final ScheduledExecutorService door = Executors.newSingleThreadScheduledExecutor();
    private final ExecutorService clients = Executors.newCachedThreadPool();
    private final Visit visit;

    /** @param interval between the arrivals of two, at least */
    public Visitors(Duration interval, Visit visit) {
        this.visit = visit;
        door.scheduleAtFixedRate(this::admit, 0, interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void admit() {
        CountDownLatch left = new CountDownLatch(1);
        clients.execute(() -> {
            call();
            left.countDown();
        });
        try {
            left.await(1, TimeUnit.SECONDS);
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    private void call() {
        try {
            String said = visit.make();
            if (said.equals(SERVED)) {
                served.incrementAndGet();
            } else {
                errors.add(said);
            }
        } catch (IOException | RuntimeException e) {
            errors.add(e.toString());
        }
    }

    public int served() {
        return served.get();
    }

    /** What those who were not served were told. */
    public List<String> errors() {
        return List.copyOf(errors);
    }

    /** Returns at the first error, too. */
    public void awaitServed(int count) {
        await().until(() -> served() >= count || !errors.isEmpty());
    }

    /** Nobody comes any more; returns when those who are there have their answers. */
    public void stop() throws InterruptedException {
        door.shutdown();
        assertTrue(door.awaitTermination(10, TimeUnit.SECONDS));
        clients.shutdown();
        assertTrue(clients.awaitTermination(60, TimeUnit.SECONDS));
    }

    @Override
    public void close() {
        door.shutdownNow();
        clients.shutdownNow();
    }
}
