package io.ambassador.balancing;

/** Provides {@code balancing = peak-ewma}: of two endpoints drawn by weight, the one that promises the shorter wait. */
public final class PeakEwmaProvider extends PlainProvider {
    public PeakEwmaProvider() {
        super("peak-ewma", () -> TwoChoices.policy(Costs::byLatency));
    }
}
