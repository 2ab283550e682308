package io.ambassador.spi.protocol;

import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.secret.Secret;
import org.jspecify.annotations.Nullable;

/** What one login at a backend may use. */
public interface Login {
    /** The user to log in as; {@code null} where only a password is configured. */
    @Nullable String username();

    /** A fresh copy of the newest secret, which the caller closes as soon as its bytes are written. */
    Secret secret();

    Endpoint endpoint();

    /**
     * Whether a mechanism that reveals the secret may be used: the connection is verified TLS or stays on this
     * machine, or the credentials are configured as {@code insecure}.
     */
    boolean confidential();
}
