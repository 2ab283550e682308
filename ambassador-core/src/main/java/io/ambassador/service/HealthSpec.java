package io.ambassador.service;

import io.ambassador.spi.Configured;
import io.ambassador.spi.protocol.ProbeProvider;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * When an endpoint counts as able to serve.
 *
 * @param probe asked at each {@code interval}; {@code null} asks nothing and leaves every endpoint healthy
 * @param interval between two probes of one endpoint; a tenth more or less, so that probes spread
 * @param timeout of one probe, from connect to answer
 * @param unhealthyAfter failed probes in a row
 * @param healthyAfter successful probes in a row
 * @param panicThreshold below this share of available endpoints all are used
 * @param slowStart how long a new or recovered endpoint takes to reach its whole weight; zero for at once
 * @param outlier {@code null} to never eject for failed connections
 */
public record HealthSpec(
        @Nullable Configured<ProbeProvider<?>> probe,
        Duration interval,
        Duration timeout,
        int unhealthyAfter,
        int healthyAfter,
        double panicThreshold,
        Duration slowStart,
        @Nullable Outlier outlier) {
    /** Probes {@code null}: whoever builds a service fills in the protocol's own. */
    public static final HealthSpec DEFAULT = new HealthSpec(
            null, Duration.ofSeconds(5), Duration.ofSeconds(1), 3, 1, 0.5, Duration.ZERO, Outlier.DEFAULT);

    /**
     * Ejection for failures that real connections met.
     *
     * @param consecutiveFailures to connect or log in
     * @param ejectFor before one connection is let through to try
     * @param maxEjected share of the endpoints that may be ejected at once; one always may, if there are two
     */
    public record Outlier(int consecutiveFailures, Duration ejectFor, double maxEjected) {
        public static final Outlier DEFAULT = new Outlier(5, Duration.ofSeconds(10), 0.5);
    }

    public HealthSpec withProbe(@Nullable Configured<ProbeProvider<?>> other) {
        return new HealthSpec(
                other, interval, timeout, unhealthyAfter, healthyAfter, panicThreshold, slowStart, outlier);
    }
}
