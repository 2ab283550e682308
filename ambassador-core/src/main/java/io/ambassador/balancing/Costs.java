package io.ambassador.balancing;

import io.ambassador.spi.balancing.Candidate;

/** What a connection to a candidate costs, compared without dividing. */
final class Costs {
    private Costs() {}

    /** By connections per weight. */
    static boolean byConnections(Candidate a, Candidate b) {
        return (long) a.activeConnections() * b.weight() < (long) b.activeConnections() * a.weight();
    }

    /**
     * By latency × (1 + connections per weight). An endpoint not measured yet is taken to be as quick as the other: it
     * gets its share, no more, until it has been measured.
     */
    static boolean byLatency(Candidate a, Candidate b) {
        double latency = a.latencyNanos();
        double other = b.latencyNanos();
        if (latency <= 0 || other <= 0) {
            return byConnections(a, b);
        }
        return latency * load(a) < other * load(b);
    }

    private static double load(Candidate candidate) {
        return 1 + (double) candidate.activeConnections() / candidate.weight();
    }
}
