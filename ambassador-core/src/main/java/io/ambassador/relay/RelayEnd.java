package io.ambassador.relay;

/** How a relay ended. */
public enum RelayEnd {
    /** Both sides finished sending, and all of it was delivered. */
    COMPLETED,
    /** The client's connection was reset, or broke. */
    CLIENT_RESET,
    /** The backend's connection was reset, or broke. */
    BACKEND_RESET,
    /** No byte moved either way for the idle timeout. */
    IDLE,
    /** We ended it. */
    CLOSED
}
