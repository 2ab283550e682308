package io.ambassador.spi;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/**
 * Lets one line a second through for each cause, and tells with the next one how many were left out: whatever a peer can
 * bring about over and over is logged through one of these. Thread-safe.
 */
public final class LogLimiter {
    private static final long INTERVAL = TimeUnit.SECONDS.toNanos(1);

    private final Map<Object, Cause> causes = new ConcurrentHashMap<>();
    private final long credit;

    public LogLimiter() {
        this(1);
    }

    /** @param atOnce lines of one cause that may follow one another after as many quiet seconds */
    public LogLimiter(int atOnce) {
        credit = (atOnce - 1) * INTERVAL;
    }

    /**
     * @param cause one of a bounded set
     * @param line writes the line; is given how many were left out since the last one
     */
    public void log(Object cause, LongConsumer line) {
        Cause state = causes.computeIfAbsent(cause, key -> new Cause());
        long now = System.nanoTime();
        long due = state.due.get();
        boolean quiet = now - due >= 0;
        if (now - due >= -credit && state.due.compareAndSet(due, (quiet ? now : due) + INTERVAL)) {
            line.accept(state.leftOut.getAndSet(0));
        } else {
            state.leftOut.incrementAndGet();
        }
    }

    /** The end of a line for what {@link #log} tells: empty, or {@code " (12 more like this)"}. */
    public static String more(long leftOut) {
        return leftOut == 0 ? "" : " (" + leftOut + " more like this)";
    }

    private static final class Cause {
        private final AtomicLong due = new AtomicLong(System.nanoTime());
        private final AtomicLong leftOut = new AtomicLong();
    }
}
