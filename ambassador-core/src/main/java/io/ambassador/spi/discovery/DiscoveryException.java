package io.ambassador.spi.discovery;

import io.ambassador.spi.AmbassadorException;
import io.ambassador.spi.PeerText;
import org.jspecify.annotations.Nullable;

/**
 * A registry could not be asked, or its answer not understood. Carries no stack trace: it is expected to
 * happen. What a registry said may be part of the message, which is escaped.
 */
public final class DiscoveryException extends AmbassadorException {
    private static final long serialVersionUID = 1L;

    public DiscoveryException(String message) {
        this(message, null);
    }

    public DiscoveryException(String message, @Nullable Throwable cause) {
        super(PeerText.escape(message), cause, false);
    }
}
