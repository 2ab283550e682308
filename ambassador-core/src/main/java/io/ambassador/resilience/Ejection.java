package io.ambassador.resilience;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Ejects one endpoint after so many failed connections in a row, and lets one connection through after a while to see
 * whether it is back. Thread-safe; nothing is scheduled.
 */
public final class Ejection {
    private final @Nullable CircuitBreaker breaker;
    /** Whether the last one that is known of failed. A success after another one says nothing new. */
    private volatile boolean failedLast;

    private Ejection(@Nullable CircuitBreaker breaker) {
        this.breaker = breaker;
    }

    /** Never ejects. */
    public static Ejection never() {
        return new Ejection(null);
    }

    /** @param changed called on the thread that saw the change, after each change of {@link #isEjected} */
    public static Ejection after(String endpoint, int consecutiveFailures, Duration ejectFor, Runnable changed) {
        CircuitBreaker breaker = CircuitBreaker.of(
                endpoint,
                CircuitBreakerConfig.custom()
                        .slidingWindow(consecutiveFailures, consecutiveFailures, SlidingWindowType.COUNT_BASED)
                        .failureRateThreshold(100)
                        .waitDurationInOpenState(ejectFor)
                        .permittedNumberOfCallsInHalfOpenState(1)
                        .maxWaitDurationInHalfOpenState(Duration.ZERO)
                        .writableStackTraceEnabled(false)
                        .build());
        breaker.getEventPublisher().onStateTransition(event -> changed.run());
        return new Ejection(breaker);
    }

    public boolean isEjected() {
        return breaker != null && breaker.getState() == CircuitBreaker.State.OPEN;
    }

    /** Neither ejected nor on trial after an ejection. */
    public boolean isTrusted() {
        return breaker == null || breaker.getState() == CircuitBreaker.State.CLOSED;
    }

    /** Whether the endpoint may be tried now; {@code true} is to be followed by one of the calls below. */
    public boolean tryAcquire() {
        return breaker == null || breaker.getState() == CircuitBreaker.State.OPEN || breaker.tryAcquirePermission();
    }

    /** The endpoint served; one that was ejected, but tried because there was nothing else, is back. */
    public void succeeded(long nanos) {
        if (breaker == null) {
            return;
        }
        CircuitBreaker.State state = breaker.getState();
        if (state == CircuitBreaker.State.OPEN) {
            breaker.transitionToClosedState();
        } else if (failedLast || state != CircuitBreaker.State.CLOSED) {
            failedLast = false;
            breaker.onSuccess(nanos, TimeUnit.NANOSECONDS);
        }
    }

    public void failed(long nanos, Throwable cause) {
        if (breaker != null && breaker.getState() != CircuitBreaker.State.OPEN) {
            breaker.onError(nanos, TimeUnit.NANOSECONDS, cause);
            failedLast = true; // after it, so that a success of another thread that comes between is not the last word
        }
    }

    /** The attempt told nothing about the endpoint: it was given up for another reason. */
    public void released() {
        if (breaker != null && breaker.getState() != CircuitBreaker.State.OPEN) {
            breaker.releasePermission();
        }
    }

    /** Ends the ejection's first part: from now on one connection at a time may try. */
    public void allowTrial() {
        if (isEjected() && breaker != null) {
            breaker.transitionToHalfOpenState();
        }
    }

    /** Ends an ejection altogether: a probe has just succeeded. */
    public void readmit() {
        if (isEjected() && breaker != null) {
            breaker.transitionToClosedState();
        }
    }
}
