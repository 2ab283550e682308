package io.ambassador.discovery.support;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** Chance, so that ambassadors which started together do not ask together. */
public final class Jitter {
    private Jitter() {}

    /** {@code delay} plus up to {@code most} more. */
    public static Duration upTo(Duration delay, Duration most) {
        return delay.plusMillis(ThreadLocalRandom.current().nextLong(most.toMillis() + 1));
    }

    /** A random length of time, never the whole of {@code high}. */
    public static Duration between(Duration low, Duration high) {
        return Duration.ofNanos(ThreadLocalRandom.current().nextLong(low.toNanos(), high.toNanos()));
    }

    /** A random number, never the whole of {@code high}. */
    public static double between(double low, double high) {
        return ThreadLocalRandom.current().nextDouble(low, high);
    }
}
