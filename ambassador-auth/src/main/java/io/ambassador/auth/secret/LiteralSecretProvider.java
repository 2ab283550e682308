package io.ambassador.auth.secret;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.Settings;
import io.ambassador.spi.secret.Secret;
import io.ambassador.spi.secret.SecretSource;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.util.Map;

/** Provides {@code password = "text"}, or {@code { literal = "text" }}, for experiments. */
public final class LiteralSecretProvider implements SecretSourceProvider<LiteralSecretConfig> {
    @Override
    public String type() {
        return "literal";
    }

    @Override
    public Map<String, ?> settingsOf(Object value) {
        return Map.of("value", value);
    }

    @Override
    public LiteralSecretConfig parse(Settings settings) {
        String text = settings.string("value");
        if (settings.has("value") && text.isEmpty()) {
            settings.problem("value", "is empty. Write the password, or remove the credentials");
        }
        return new LiteralSecretConfig(Secret.owning(text.getBytes(UTF_8)));
    }

    @Override
    public SecretSource create(LiteralSecretConfig config) {
        return new LiteralSecretSource(config);
    }
}
