package io.ambassador.discovery.support;

import io.ambassador.spi.Settings;
import io.ambassador.spi.secret.CredentialException;
import io.ambassador.spi.secret.Secret;
import io.ambassador.spi.secret.SecretSource;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** Secret source {@code text-file} of this module's tests: {@code token = { text-file = /path }}. */
public final class TextFileSecretProvider implements SecretSourceProvider<TextFileSecretProvider.Config> {
    public record Config(Path path) {}

    @Override
    public String type() {
        return "text-file";
    }

    @Override
    public Config parse(Settings settings) {
        return new Config(Path.of(settings.string("path")));
    }

    @Override
    public Map<String, ?> settingsOf(Object value) {
        return Map.of("path", value);
    }

    @Override
    public SecretSource create(Config config) {
        return new SecretSource() {
            @Override
            public Secret read() throws CredentialException {
                try {
                    return Secret.owning(Files.readAllBytes(config.path()));
                } catch (IOException e) {
                    throw new CredentialException(config.path() + " cannot be read", e);
                }
            }

            @Override
            public Duration refreshInterval() {
                return Duration.ofSeconds(1);
            }

            @Override
            public String description() {
                return "file " + config.path();
            }
        };
    }
}
