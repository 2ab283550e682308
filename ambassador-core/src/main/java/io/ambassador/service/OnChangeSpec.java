package io.ambassador.service;

import java.time.Duration;

/**
 * What happens to open connections when their endpoint changes.
 *
 * @param removed discovery no longer lists it, or gives it weight 0
 * @param demoted it lost the wanted role
 * @param unhealthy probes say it cannot serve
 * @param drainTimeout what drains is closed after this long
 */
public record OnChangeSpec(Action removed, Action demoted, Action unhealthy, Duration drainTimeout) {
    public static final OnChangeSpec DEFAULT =
            new OnChangeSpec(Action.DRAIN, Action.CLOSE, Action.CLOSE, Duration.ofSeconds(30));

    /** In each case new connections go elsewhere. */
    public enum Action {
        /** At once. */
        CLOSE,
        /** When they end by themselves, or at the drain timeout. */
        DRAIN,
        /** Never. */
        KEEP
    }
}
