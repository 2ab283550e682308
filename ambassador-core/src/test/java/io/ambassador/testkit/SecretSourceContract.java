package io.ambassador.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.Settings;
import io.ambassador.spi.secret.Secret;
import io.ambassador.spi.secret.SecretSource;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

/**
 * What every {@link SecretSourceProvider} promises, for stores that never change too; those that do have
 * {@link ChangingSecretSourceContract}.
 */
public abstract class SecretSourceContract {
    protected static final String SECRET = "s3cret-canary p\u00e4ss # $HOME \"quoted\"";

    /** A provider that reads {@link #keep}'s store. */
    protected abstract SecretSourceProvider<?> provider();

    /** Puts {@code secret} in the store; returns what a user writes for it, as {@code { type = value }}. */
    protected abstract Object keep(String secret) throws Exception;

    /** Settings beside the short form's. */
    protected Map<String, ?> settings() {
        return Map.of();
    }

    protected final SecretSource source(Object value) {
        return create(provider(), value);
    }

    @Test
    void isFoundByItsWord() {
        assertTrue(provider().type().matches("[a-z][a-z0-9-]*"), provider().type());
        assertEquals(
                1,
                ServiceLoader.load(SecretSourceProvider.class).stream()
                        .filter(found -> found.type() == provider().getClass())
                        .count(),
                "META-INF/services/" + SecretSourceProvider.class.getName());
    }

    @Test
    void readsTheSecretByteForByte() throws Exception {
        assertReads(SECRET, source(keep(SECRET)));
    }

    @Test
    void eachReadIsOwnedByItsCaller() throws Exception {
        SecretSource source = source(keep(SECRET));
        source.read().close();
        assertReads(SECRET, source);
        Secret first = source.read();
        try (Secret second = source.read()) {
            first.close();
            assertArrayEquals(SECRET.getBytes(UTF_8), second.reveal());
        }
    }

    @Test
    void equalSettingsGiveEqualConfigurationsThatDoNotShowTheSecret() throws Exception {
        Object value = keep(SECRET);
        Record config = config(provider(), value);
        assertEquals(config, config(provider(), value));
        assertEquals(config.hashCode(), config(provider(), value).hashCode());
        assertFalse(config.toString().contains("s3cret"), config.toString());
    }

    @Test
    void describesItselfWithoutTheSecret() throws Exception {
        SecretSource source = source(keep(SECRET));
        source.read().close();
        assertFalse(source.description().isBlank());
        assertFalse(source.description().contains("s3cret"), source.description());
        assertFalse(source.toString().contains("s3cret"), source.toString());
        assertTrue(source.refreshInterval().toMillis() > 0);
        assertTrue(source.timeout().toMillis() > 0);
    }

    /** A block where text is expected, and the other way round. */
    @Test
    void settingsOfTheWrongShapeAreProblemsThatDoNotShowThem() {
        Settings settings = Settings.of("password", provider().settingsOf(Map.of("s3cret", "s3cret-canary")));
        assertNotNull(provider().parse(settings));
        assertFalse(settings.problems().isEmpty());
        assertFalse(
                settings.problems().toString().contains("s3cret"),
                settings.problems().toString());
    }

    protected static void assertReads(String expected, SecretSource source) throws Exception {
        try (Secret secret = source.read()) {
            assertEquals(expected, new String(secret.reveal(), UTF_8));
        }
    }

    private <C extends Record> SecretSource create(SecretSourceProvider<C> provider, Object value) {
        return provider.create(config(provider, value));
    }

    private <C extends Record> C config(SecretSourceProvider<C> provider, Object value) {
        Map<String, Object> values = new HashMap<>(provider.settingsOf(value));
        values.putAll(settings());
        Settings settings = Settings.of("password", values);
        C config = provider.parse(settings);
        settings.refuseUnknownKeys();
        assertEquals(List.of(), settings.problems());
        return config;
    }
}
