package io.ambassador.auth.secret;

import io.ambassador.spi.secret.Secret;
import org.jspecify.annotations.Nullable;

/**
 * A password written in the configuration itself. Equal if the bytes are.
 *
 * @param value lives as long as the configuration, and renders as {@code ***}
 */
public record LiteralSecretConfig(Secret value) {
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof LiteralSecretConfig literal && value.sameAs(literal.value);
    }

    /** The same for all: a hash would tell something of the secret. */
    @Override
    public int hashCode() {
        return LiteralSecretConfig.class.hashCode();
    }
}
