package io.ambassador.launcher.child;

import io.ambassador.spi.AmbassadorException;

/** The application cannot be started. */
public final class ChildException extends AmbassadorException {
    private static final long serialVersionUID = 1L;

    private final int exitCode;

    ChildException(String message, int exitCode) {
        super(message, null, false);
        this.exitCode = exitCode;
    }

    /** For our own process to end with. */
    public int exitCode() {
        return exitCode;
    }
}
