package io.ambassador.discovery.support;

import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Providers;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryException;
import io.ambassador.spi.secret.CredentialException;
import io.ambassador.spi.secret.Secret;
import io.ambassador.spi.secret.SecretSettings;
import io.ambassador.spi.secret.SecretSource;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The password or token that a registry asks for. Read each time it is about to be shown, so that a new one is noticed
 * by the next connection.
 */
public final class RegistryPassword {
    private final SecretSource source;

    private RegistryPassword(SecretSource source) {
        this.source = source;
    }

    /**
     * Where it is kept, as {@code { file = … }}, {@code { env = … }} and all else that a service's password may be.
     *
     * @return {@code null} if there is none, or something is wrong with it, which {@code settings} then know
     */
    public static @Nullable Configured<SecretSourceProvider<?>> parse(Settings settings, String key) {
        if (!settings.has(key)) {
            return null;
        }
        try {
            return SecretSettings.read(settings, key, Providers.load(SecretSourceProvider.class, "secret source"));
        } catch (ConfigurationException e) {
            settings.problem(key, String.valueOf(e.getMessage()));
            return null;
        }
    }

    /** @param configured from {@link #parse} */
    public static @Nullable RegistryPassword of(@Nullable Configured<SecretSourceProvider<?>> configured) {
        return configured == null ? null : new RegistryPassword(source(configured));
    }

    /**
     * Reads it on a thread of its own, since stores may block, and completes there.
     *
     * @return owned by the caller, who closes it; or a {@link DiscoveryException}
     */
    public CompletableFuture<Secret> read() {
        CompletableFuture<Secret> result = new CompletableFuture<>();
        Thread reader = new Thread(() -> read(result), "ambassador-registry-password");
        reader.setDaemon(true);
        reader.start();
        return result;
    }

    private void read(CompletableFuture<Secret> result) {
        try {
            Secret secret = source.read();
            if (!result.complete(secret)) {
                secret.close(); // nobody waits for it any more
            }
        } catch (CredentialException e) {
            result.completeExceptionally(
                    new DiscoveryException("the password for the registry cannot be read: " + e.getMessage(), e));
        } catch (RuntimeException e) { // whose message may hold the secret
            result.completeExceptionally(new DiscoveryException("the password for the registry cannot be read from "
                    + source.description() + ": " + e.getClass().getSimpleName()));
        }
    }

    @SuppressWarnings("unchecked") // a provider's own config is the only one it is ever paired with
    private static SecretSource source(Configured<SecretSourceProvider<?>> configured) {
        return ((SecretSourceProvider<Record>) configured.provider()).create(configured.config());
    }
}
