package io.ambassador.service;

import io.ambassador.explain.EndReason;
import org.jspecify.annotations.Nullable;

/** A client's connection, as its service sees it. From any thread. */
public interface OpenConnection {
    /** Where it is relayed to; {@code null} before it is. */
    @Nullable PooledEndpoint endpoint();

    /** Closes both sides; may be called twice. */
    void end(EndReason reason);

    /** The service's secret has changed and a server accepts the new one. */
    default void rotated() {}
}
