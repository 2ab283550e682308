package io.ambassador.auth.secret;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.secret.CredentialException;
import io.ambassador.spi.secret.Secret;
import io.ambassador.spi.secret.SecretSource;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The one source whose secret the JVM already holds as text, from its start to its end. */
final class EnvSecretSource implements SecretSource {
    private final EnvSecretConfig config;
    private final Function<String, @Nullable String> environment;

    EnvSecretSource(EnvSecretConfig config, Function<String, @Nullable String> environment) {
        this.config = config;
        this.environment = environment;
    }

    @Override
    public Secret read() throws CredentialException {
        String value = environment.apply(config.variable());
        if (value == null) {
            throw new CredentialException(description() + " is not set. Set it before the ambassador starts.");
        }
        if (value.isEmpty()) {
            throw new CredentialException(description() + " is empty. Put the password there.");
        }
        return Secret.owning(value.getBytes(UTF_8));
    }

    @Override
    public Duration refreshInterval() {
        return Refresh.NEVER;
    }

    @Override
    public String description() {
        return "environment variable " + config.variable();
    }
}
