package io.ambassador.spi.balancing;

import io.ambassador.spi.discovery.Endpoint;

/** An endpoint as a policy sees it. The figures are live: they may change between two calls. */
public interface Candidate {
    Endpoint endpoint();

    /** The weight in force when the picker was built, at least 1: the endpoint's own, less during slow start. */
    int weight();

    /** Connections now open or being opened to it by this process. */
    int activeConnections();

    /**
     * Peak-sensitive moving average of the time from connect to ready, in nanoseconds, decayed to now; 0 before the
     * first measurement.
     */
    double latencyNanos();
}
