package io.ambassador.service;

import io.ambassador.spi.Configured;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of credentials that clients show to a service that logs in for them. They never reach a backend.
 *
 * <p>A class, not a record: what it prints is chosen, not generated.
 */
public final class ClientCredentials {
    /** How clients' credentials are taken. */
    public enum Mode {
        /** Whatever a client shows is fine, also nothing. */
        ACCEPT_ANY,
        /** A client that shows any is refused, so that nobody believes that they matter. */
        REJECT,
        /** A client must show these. */
        VERIFY
    }

    public static final ClientCredentials ACCEPT_ANY = new ClientCredentials(Mode.ACCEPT_ANY, null, null);
    public static final ClientCredentials REJECT = new ClientCredentials(Mode.REJECT, null, null);

    private final Mode mode;
    private final @Nullable String username;
    private final @Nullable Configured<SecretSourceProvider<?>> password;

    private ClientCredentials(
            Mode mode, @Nullable String username, @Nullable Configured<SecretSourceProvider<?>> password) {
        this.mode = mode;
        this.username = username;
        this.password = password;
    }

    /**
     * @param username {@code null} where the password alone counts
     * @param password where it is kept; read again when it changes
     */
    public static ClientCredentials verify(@Nullable String username, Configured<SecretSourceProvider<?>> password) {
        return new ClientCredentials(Mode.VERIFY, username, Objects.requireNonNull(password, "password"));
    }

    public Mode mode() {
        return mode;
    }

    public @Nullable String username() {
        return username;
    }

    /** {@code null} unless they are verified. */
    public @Nullable Configured<SecretSourceProvider<?>> password() {
        return password;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ClientCredentials credentials
                && credentials.mode == mode
                && Objects.equals(credentials.username, username)
                && Objects.equals(credentials.password, password);
    }

    @Override
    public int hashCode() {
        return Objects.hash(mode, username, password);
    }

    @Override
    public String toString() {
        return mode + (username == null ? "" : " " + username);
    }
}
