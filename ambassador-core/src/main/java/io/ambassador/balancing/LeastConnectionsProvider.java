package io.ambassador.balancing;

/** Provides {@code balancing = least-connections}: the endpoint with the fewest connections for its weight. */
public final class LeastConnectionsProvider extends PlainProvider {
    public LeastConnectionsProvider() {
        super("least-connections", LeastConnectionsPolicy::new);
    }
}
