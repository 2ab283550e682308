package io.ambassador.resilience;

import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Bounds a service's open connections and the rate of new ones. Thread-safe; nobody waits. */
public final class Admission {
    /** @param limiter has counted the new ones of this period */
    private record Rate(int permits, Duration period, RateLimiter limiter) {}

    private final AtomicInteger open;
    private final int maxConnections;
    private final @Nullable Rate rate;

    /**
     * @param maxConnections open at once
     * @param permits new ones in each {@code period}; 0 for any number
     */
    public Admission(String service, int maxConnections, int permits, Duration period) {
        this(new AtomicInteger(), maxConnections, permits == 0 ? null : rate(service, permits, period));
    }

    private Admission(AtomicInteger open, int maxConnections, @Nullable Rate rate) {
        this.open = open;
        this.maxConnections = maxConnections;
        this.rate = rate;
    }

    private static Rate rate(String service, int permits, Duration period) {
        RateLimiterConfig config = RateLimiterConfig.custom()
                .limitForPeriod(permits)
                .limitRefreshPeriod(period)
                .timeoutDuration(Duration.ZERO)
                .build();
        return new Rate(permits, period, RateLimiter.of(service, config));
    }

    /** Other bounds for the same service: what is open counts for both, and an equal rate goes on where it is. */
    public Admission successor(String service, int newMax, int permits, Duration period) {
        boolean same =
                rate != null && rate.permits() == permits && rate.period().equals(period);
        return new Admission(open, newMax, permits == 0 ? null : same ? rate : rate(service, permits, period));
    }

    /** {@code true} is to be followed by {@link #leave}. */
    public boolean tryEnter() {
        if (rate != null && !rate.limiter().acquirePermission()) {
            return false;
        }
        int now = open.get();
        while (now < maxConnections) {
            if (open.compareAndSet(now, now + 1)) {
                return true;
            }
            now = open.get();
        }
        return false;
    }

    public void leave() {
        open.decrementAndGet();
    }

    /** Connections that are inside, whichever bounds they were held against. */
    public int open() {
        return open.get();
    }
}
