package io.ambassador.auth.secret;

import io.ambassador.spi.Settings;
import io.ambassador.spi.secret.SecretSource;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** Provides {@code password = { file = /run/secrets/redis }}. */
public final class FileSecretProvider implements SecretSourceProvider<FileSecretConfig> {
    private static final Duration REFRESH = Duration.ofSeconds(1);

    @Override
    public String type() {
        return "file";
    }

    @Override
    public Map<String, ?> settingsOf(Object value) {
        return Map.of("path", value);
    }

    @Override
    public FileSecretConfig parse(Settings settings) {
        Path path = settings.optionalPath("path");
        if (path == null) {
            settings.string("path"); // reports the absence
            path = Path.of("");
        }
        return new FileSecretConfig(path, settings.bool("allow-readable", false), Refresh.parse(settings, REFRESH));
    }

    @Override
    public SecretSource create(FileSecretConfig config) {
        return new FileSecretSource(config);
    }
}
