package io.ambassador.balancing;

/** Provides {@code balancing = consistent-hash}: a client's address always leads to the same endpoint. */
public final class ConsistentHashProvider extends PlainProvider {
    public ConsistentHashProvider() {
        super("consistent-hash", () -> RendezvousPicker::of);
    }
}
