package io.ambassador.resilience;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/** Lets one line a second through for each cause, and tells with the next one how many were left out. Thread-safe. */
public final class LogLimiter {
    private static final long INTERVAL = TimeUnit.SECONDS.toNanos(1);

    private final Map<Object, Cause> causes = new ConcurrentHashMap<>();

    /**
     * @param cause one of a bounded set
     * @param line writes the line; is given how many were left out since the last one
     */
    public void log(Object cause, LongConsumer line) {
        Cause state = causes.computeIfAbsent(cause, key -> new Cause());
        long now = System.nanoTime();
        long next = state.next.get();
        if (now - next >= 0 && state.next.compareAndSet(next, now + INTERVAL)) {
            line.accept(state.leftOut.getAndSet(0));
        } else {
            state.leftOut.incrementAndGet();
        }
    }

    private static final class Cause {
        private final AtomicLong next = new AtomicLong(System.nanoTime());
        private final AtomicLong leftOut = new AtomicLong();
    }
}
