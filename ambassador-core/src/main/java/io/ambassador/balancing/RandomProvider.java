package io.ambassador.balancing;

/** Provides {@code balancing = random}: the less busy of two endpoints drawn by weight. */
public final class RandomProvider extends PlainProvider {
    public RandomProvider() {
        super("random", () -> TwoChoices.policy(Costs::byConnections));
    }
}
