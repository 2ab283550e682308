package io.ambassador.relay;

/** What moves one direction of a relay in place of its channels, for a while. On the connection's event loop. */
interface FastPath {
    /** Whether something was read that the peer's kernel has not taken yet. */
    boolean isWaiting();

    /** What is still on its way does not arrive. */
    void abandon();
}
