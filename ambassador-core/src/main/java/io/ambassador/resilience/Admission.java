package io.ambassador.resilience;

import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import io.github.resilience4j.ratelimiter.RateLimiter;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Bounds a service's open connections and the rate of new ones. Thread-safe; nobody waits. */
public final class Admission {
    private final Bulkhead connections;
    private final @Nullable RateLimiter rate;

    /**
     * @param maxConnections open at once
     * @param permits new ones in each {@code period}; 0 for any number
     */
    public Admission(String service, int maxConnections, int permits, Duration period) {
        connections = Bulkhead.of(
                service,
                BulkheadConfig.custom()
                        .maxConcurrentCalls(maxConnections)
                        .maxWaitDuration(Duration.ZERO)
                        .build());
        rate = permits == 0
                ? null
                : RateLimiter.of(
                        service,
                        RateLimiterConfig.custom()
                                .limitForPeriod(permits)
                                .limitRefreshPeriod(period)
                                .timeoutDuration(Duration.ZERO)
                                .build());
    }

    /** {@code true} is to be followed by {@link #leave}. */
    public boolean tryEnter() {
        if (rate != null && !rate.acquirePermission()) {
            return false;
        }
        return connections.tryAcquirePermission();
    }

    public void leave() {
        connections.releasePermission();
    }
}
