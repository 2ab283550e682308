package io.ambassador.service;

import io.ambassador.explain.EndReason;

/** A connection relayed to an endpoint, as the endpoint sees it. */
public interface OpenConnection {
    /** Closes both sides; from any thread; may be called twice. */
    void end(EndReason reason);

    /** The service's secret has changed and a server accepts the new one; from any thread. */
    default void rotated() {}
}
