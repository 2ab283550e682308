package io.ambassador.auth.redis;

import io.ambassador.spi.AmbassadorException;

/** A client sent what no Redis client sends: it is told, and its connection closed. */
final class BadRequestException extends AmbassadorException {
    private static final long serialVersionUID = 1L;

    /** @param message for the client, free of what it sent; empty to close without a word */
    BadRequestException(String message) {
        super(message, null, false);
    }
}
