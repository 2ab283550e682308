package io.ambassador.explain;

import java.time.Duration;

/** How long a connection was in each phase, all attempts together; it was always in one of them. */
public final class PhaseTimes {
    private final long[] nanos;

    /** @param nanos by {@link Phase#ordinal}; not to be changed any more */
    PhaseTimes(long[] nanos) {
        this.nanos = nanos;
    }

    /** Zero for a phase that was not reached. */
    public Duration in(Phase phase) {
        return Duration.ofNanos(nanos(phase));
    }

    /** From accept to end. */
    public Duration total() {
        return Duration.ofNanos(totalNanos());
    }

    long nanos(Phase phase) {
        return nanos[phase.ordinal()];
    }

    long totalNanos() {
        long sum = 0;
        for (long each : nanos) {
            sum += each;
        }
        return sum;
    }

    @Override
    public String toString() {
        return total().toString();
    }
}
