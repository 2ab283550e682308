package io.ambassador.auth.redis;

import io.ambassador.spi.AmbassadorException;
import io.ambassador.spi.protocol.Violation;

/** A client sent what no Redis client sends: it is told, and its connection closed. */
final class BadRequestException extends AmbassadorException {
    private static final long serialVersionUID = 1L;

    private final Violation violation;

    /** @param message for the client and the log, free of what it sent */
    BadRequestException(String message) {
        this(message, new Violation(true, message));
    }

    private BadRequestException(String message, Violation violation) {
        super(message, null, false);
        this.violation = violation;
    }

    /** Closes without a word to the client. */
    static BadRequestException silent(Violation violation) {
        return new BadRequestException("", violation);
    }

    Violation violation() {
        return violation;
    }
}
