package io.ambassador.auth.secret;

import io.ambassador.spi.Settings;
import io.ambassador.spi.secret.SecretSource;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Provides {@code password = { command = [pass, show, redis] }}. */
public final class CommandSecretProvider implements SecretSourceProvider<CommandSecretConfig> {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final Duration REFRESH = Duration.ofMinutes(1);

    @Override
    public String type() {
        return "command";
    }

    @Override
    public Map<String, ?> settingsOf(Object value) {
        return Map.of("argv", value);
    }

    @Override
    public CommandSecretConfig parse(Settings settings) {
        List<String> argv = settings.strings("argv");
        if (argv.isEmpty() || argv.get(0).isEmpty()) {
            settings.problem("argv", "is missing (expected a program and its arguments as a list)");
        }
        Duration timeout = settings.duration("timeout", TIMEOUT);
        if (timeout.isZero() || timeout.isNegative()) {
            settings.problem("timeout", "is too short (expected more than 0)");
        }
        return new CommandSecretConfig(argv, timeout, Refresh.parse(settings, REFRESH));
    }

    @Override
    public SecretSource create(CommandSecretConfig config) {
        return new CommandSecretSource(config);
    }
}
