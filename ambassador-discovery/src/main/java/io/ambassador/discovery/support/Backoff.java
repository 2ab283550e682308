package io.ambassador.discovery.support;

import io.github.resilience4j.core.IntervalFunction;
import java.time.Duration;

/**
 * Delays between failing attempts: each twice the one before, up to a maximum, and each shortened at random by up to
 * half, so that many ambassadors do not come back to a registry at one moment. Not thread-safe.
 */
public final class Backoff {
    private static final double LEAST_SHARE = 0.5;

    private final IntervalFunction doubling;
    private final double longest;
    private int failures;

    /**
     * @param first longest delay after the first failure, at least 1 ms
     * @param max longest delay ever, at least {@code first}
     */
    public Backoff(Duration first, Duration max) {
        if (first.toMillis() < 1 || max.compareTo(first) < 0) {
            throw new IllegalArgumentException(
                    "first: " + first + ", max: " + max + " (expected: 1 ms <= first <= max)");
        }
        this.doubling = IntervalFunction.ofExponentialBackoff(first, 2, max);
        this.longest = max.toMillis();
    }

    /** How long to wait after one more failure. */
    public Duration next() {
        failures++;
        double delay = Math.min(longest, doubling.apply(failures));
        return Duration.ofMillis(Math.max(1, Math.round(delay * Jitter.between(LEAST_SHARE, 1))));
    }

    /** Starts over, after a success. */
    public void reset() {
        failures = 0;
    }
}
