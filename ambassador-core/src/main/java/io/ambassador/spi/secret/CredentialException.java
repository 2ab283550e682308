package io.ambassador.spi.secret;

import io.ambassador.spi.AmbassadorException;
import io.ambassador.spi.PeerText;
import org.jspecify.annotations.Nullable;

/**
 * A secret could not be had, or a server refused it. Carries no stack trace and never a secret. What a server said may
 * be part of the message, which is escaped.
 */
public class CredentialException extends AmbassadorException {
    private static final long serialVersionUID = 1L;

    public CredentialException(String message) {
        this(message, null);
    }

    public CredentialException(String message, @Nullable Throwable cause) {
        super(PeerText.escape(message), cause, false);
    }
}
