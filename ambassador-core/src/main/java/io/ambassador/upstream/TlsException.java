package io.ambassador.upstream;

import io.ambassador.spi.AmbassadorException;
import io.ambassador.spi.PeerText;

/** An endpoint could not be trusted, or did not finish its TLS handshake. */
final class TlsException extends AmbassadorException {
    private static final long serialVersionUID = 1L;

    private final boolean late;

    /** @param late whether the handshake was not finished in time */
    TlsException(String message, boolean late) {
        super(PeerText.escape(message), null, false);
        this.late = late;
    }

    boolean isLate() {
        return late;
    }
}
