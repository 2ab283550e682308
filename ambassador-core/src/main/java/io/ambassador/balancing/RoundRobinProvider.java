package io.ambassador.balancing;

/** Provides {@code balancing = round-robin}: endpoints take turns, as often as their weights say. */
public final class RoundRobinProvider extends PlainProvider {
    public RoundRobinProvider() {
        super("round-robin", RoundRobinPolicy::new);
    }
}
