package io.ambassador.spi.secret;

import io.ambassador.spi.Provider;
import java.util.Map;

/** Provides a kind of secret store: {@code password = { file = /run/secrets/redis }} has the word {@code file}. */
public interface SecretSourceProvider<C extends Record> extends Provider<C> {
    /**
     * The settings that {@code { type = value }} stands for, where the value is a text or a list; a block is used as
     * it is. {@link #parse} reads them.
     */
    Map<String, ?> settingsOf(Object value);

    SecretSource create(C config);
}
