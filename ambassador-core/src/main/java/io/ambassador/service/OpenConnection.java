package io.ambassador.service;

/** A connection relayed to an endpoint, as the endpoint sees it. */
public interface OpenConnection {
    /** Closes both sides; from any thread; may be called twice. */
    void end(EndReason reason);
}
