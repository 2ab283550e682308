package io.ambassador.auth.secret;

import io.ambassador.spi.Settings;
import io.ambassador.spi.secret.SecretSource;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Provides {@code password = { env = REDIS_PASSWORD }}. */
public final class EnvSecretProvider implements SecretSourceProvider<EnvSecretConfig> {
    private final Function<String, @Nullable String> environment;

    public EnvSecretProvider() {
        this(System::getenv);
    }

    EnvSecretProvider(Function<String, @Nullable String> environment) {
        this.environment = environment;
    }

    @Override
    public String type() {
        return "env";
    }

    @Override
    public Map<String, ?> settingsOf(Object value) {
        return Map.of("variable", value);
    }

    @Override
    public EnvSecretConfig parse(Settings settings) {
        String variable = settings.string("variable");
        if (variable.contains("=")) {
            settings.problem("variable", "is not the name of a variable. Write the name, not the value");
        }
        return new EnvSecretConfig(variable);
    }

    @Override
    public SecretSource create(EnvSecretConfig config) {
        return new EnvSecretSource(config, environment);
    }
}
