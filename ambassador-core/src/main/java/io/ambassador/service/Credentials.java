package io.ambassador.service;

import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Providers;
import io.ambassador.spi.Settings;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Who to log in as, and where the password is kept; never the password itself.
 *
 * <p>A class, not a record: what it prints is chosen, not generated.
 */
public final class Credentials {
    private final @Nullable String username;
    private final Configured<SecretSourceProvider<?>> password;
    private final boolean insecure;
    private final RotationSpec rotation;

    /**
     * @param username {@code null} where a password alone logs in
     * @param insecure whether they may be sent over a network without verified TLS
     */
    public Credentials(@Nullable String username, Configured<SecretSourceProvider<?>> password, boolean insecure) {
        this(username, password, insecure, RotationSpec.DEFAULT);
    }

    private Credentials(
            @Nullable String username,
            Configured<SecretSourceProvider<?>> password,
            boolean insecure,
            RotationSpec rotation) {
        this.username = username;
        this.password = Objects.requireNonNull(password, "password");
        this.insecure = insecure;
        this.rotation = Objects.requireNonNull(rotation, "rotation");
    }

    /**
     * A password in a file, re-read when it changes.
     *
     * @throws ConfigurationException if ambassador-auth, which reads secrets, is not on the class path
     */
    public static Credentials file(@Nullable String username, Path path) throws ConfigurationException {
        return of(username, "file", path.toString());
    }

    /** A password in an environment variable. */
    public static Credentials env(@Nullable String username, String variable) throws ConfigurationException {
        return of(username, "env", variable);
    }

    /**
     * A password kept in any secret source by its word.
     *
     * @param value as in configuration: the short form's text or list, or a block as a map
     */
    public static Credentials of(@Nullable String username, String type, Object value) throws ConfigurationException {
        Providers<SecretSourceProvider<?>> providers = Providers.load(SecretSourceProvider.class, "secret source");
        SecretSourceProvider<?> provider = providers.get(type);
        Settings settings = Settings.of("credentials.password", settingsOf(provider, value));
        Configured<SecretSourceProvider<?>> password = Configured.parse(provider, settings);
        settings.throwIfWrong();
        return new Credentials(username, password, false);
    }

    @SuppressWarnings("unchecked") // a block has text keys by contract
    private static Map<String, ?> settingsOf(SecretSourceProvider<?> provider, Object value) {
        return value instanceof Map<?, ?> block ? (Map<String, ?>) block : provider.settingsOf(value);
    }

    /** The same, allowed over a network without verified TLS. */
    public Credentials insecurely() {
        return new Credentials(username, password, true, rotation);
    }

    /** The same, with another way of changing the password. */
    public Credentials rotating(RotationSpec newRotation) {
        return new Credentials(username, password, insecure, newRotation);
    }

    public @Nullable String username() {
        return username;
    }

    public Configured<SecretSourceProvider<?>> password() {
        return password;
    }

    public boolean insecure() {
        return insecure;
    }

    public RotationSpec rotation() {
        return rotation;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Credentials credentials
                && Objects.equals(credentials.username, username)
                && credentials.password.equals(password)
                && credentials.insecure == insecure
                && credentials.rotation.equals(rotation);
    }

    @Override
    public int hashCode() {
        return Objects.hash(username, password, insecure, rotation);
    }

    @Override
    public String toString() {
        return (username == null ? "" : username + " ") + "with a password from " + password.type();
    }
}
