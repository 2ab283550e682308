package io.ambassador.spi.secret;

import java.time.Duration;

/**
 * Where one secret is kept. {@code SecretSourceContract} in the testkit checks: each read tells what the store holds
 * now; a store that has nothing is a {@link CredentialException} that names the store and never its content.
 */
public interface SecretSource {
    /**
     * The secret as the store holds it now. May block, for {@link #timeout()} at most: called on a worker thread,
     * never on an event loop, one call at a time.
     *
     * @return owned by the caller, who closes it
     */
    Secret read() throws CredentialException;

    /** How often to read again to notice a change. */
    Duration refreshInterval();

    /** How long a read may take. */
    default Duration timeout() {
        return Duration.ofSeconds(5);
    }

    /** Where the secret comes from, for messages: {@code file /run/secrets/redis}; never its content. */
    String description();
}
