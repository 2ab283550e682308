package com.example.postcard;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.Settings;
import io.ambassador.spi.secret.CredentialException;
import io.ambassador.spi.secret.Secret;
import io.ambassador.spi.secret.SecretSource;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;

/** A secret source that somebody else wrote: {@code password = { properties = "/etc/app.properties#db.password" }}. */
public final class PropertiesSecretProvider implements SecretSourceProvider<PropertiesSecretProvider.Config> {
    public record Config(Path file, String key) {}

    @Override
    public String type() {
        return "properties";
    }

    @Override
    public Map<String, ?> settingsOf(Object value) {
        String text = value instanceof String ? (String) value : "";
        int hash = text.lastIndexOf('#');
        return hash < 0
                ? Map.of("file", value)
                : Map.of("file", text.substring(0, hash), "key", text.substring(hash + 1));
    }

    @Override
    public Config parse(Settings settings) {
        return new Config(Path.of(settings.string("file")), settings.string("key"));
    }

    @Override
    public SecretSource create(Config config) {
        return new PropertiesSource(config);
    }

    private record PropertiesSource(Config config) implements SecretSource {
        @Override
        public Secret read() throws CredentialException {
            Properties properties = new Properties();
            try (BufferedReader reader = Files.newBufferedReader(config.file())) {
                properties.load(reader);
            } catch (IOException e) {
                throw new CredentialException(description() + " cannot be read.");
            }
            String value = properties.getProperty(config.key());
            if (value == null) {
                throw new CredentialException(description() + " is not set.");
            }
            return Secret.owning(value.getBytes(UTF_8));
        }

        @Override
        public Duration refreshInterval() {
            return Duration.ofSeconds(5);
        }

        @Override
        public String description() {
            return config.key() + " in " + config.file();
        }
    }
}
