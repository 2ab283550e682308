package io.ambassador.spi;

import org.jspecify.annotations.Nullable;

/** Root of the failures that callers of Ambassador can act on; each concept has one subclass. */
public class AmbassadorException extends Exception {
    private static final long serialVersionUID = 1L;

    public AmbassadorException(String message) {
        super(message);
    }

    public AmbassadorException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /**
     * For failures that are expected on the data path.
     *
     * @param stackTrace {@code false} leaves out the stack trace, which nobody reads and every failed connection
     *     would pay for
     */
    protected AmbassadorException(String message, @Nullable Throwable cause, boolean stackTrace) {
        super(message, cause, true, stackTrace);
    }
}
