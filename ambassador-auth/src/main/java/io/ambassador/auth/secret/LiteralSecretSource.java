package io.ambassador.auth.secret;

import io.ambassador.spi.secret.Secret;
import io.ambassador.spi.secret.SecretSource;
import java.time.Duration;

final class LiteralSecretSource implements SecretSource {
    private final LiteralSecretConfig config;

    LiteralSecretSource(LiteralSecretConfig config) {
        this.config = config;
    }

    @Override
    public Secret read() {
        return config.value().copy();
    }

    @Override
    public Duration refreshInterval() {
        return Refresh.NEVER;
    }

    @Override
    public String description() {
        return "the configuration";
    }
}
