package io.ambassador.spi.secret;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Providers;
import io.ambassador.spi.Settings;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SecretSettingsTest {
    private record Kept(String place) {}

    /** Keeps nothing; what matters is what it is told. */
    private record Provider(String type) implements SecretSourceProvider<Kept> {
        @Override
        public Map<String, ?> settingsOf(Object value) {
            if (value.equals("refused-Tr0ub4dor")) {
                throw new IllegalArgumentException("refused: " + value);
            }
            return Map.of("place", value);
        }

        @Override
        public Kept parse(Settings settings) {
            return new Kept(settings.string("place"));
        }

        @Override
        public SecretSource create(Kept config) {
            throw new IllegalStateException("not created here");
        }
    }

    private Settings settings = Settings.of("discovery", Map.of());

    private Configured<SecretSourceProvider<?>> read(Object value) throws ConfigurationException {
        settings = Settings.of("discovery", Map.of("password", value));
        Configured<SecretSourceProvider<?>> read = SecretSettings.read(
                settings,
                "password",
                Providers.of("secret source", List.of(new Provider("file"), new Provider("literal"))));
        settings.refuseUnknownKeys();
        return read;
    }

    @Test
    void readsTheNamedSource() throws ConfigurationException {
        assertEquals(
                new Kept("/run/secrets/a"),
                read(Map.of("file", "/run/secrets/a")).config());
        assertEquals(
                new Kept("/run/secrets/a"),
                read(Map.of("file", Map.of("place", "/run/secrets/a"))).config());
        assertEquals(List.of(), settings.problems());
        assertEquals(List.of(), settings.warnings());
    }

    @Test
    void secretInTheConfigurationDrawsAWarningWithoutIt() throws ConfigurationException {
        assertEquals(new Kept("Tr0ub4dor"), read("Tr0ub4dor").config());
        assertEquals(
                List.of("discovery.password: the secret stands in the configuration itself. Keep it in a file,"
                        + " { file = … }"),
                settings.warnings());
    }

    @Test
    void whatIsWrongIsSaidWithoutTheSecret() throws ConfigurationException {
        assertWrong(Map.of("literal", "refused-Tr0ub4dor"));
        assertWrong("refused-Tr0ub4dor");
        assertWrong(List.of("Tr0ub4dor"));
        assertWrong(Map.of("fiel", "Tr0ub4dor"));
        assertWrong(Map.of("file", "Tr0ub4dor", "literal", "Tr0ub4dor"));
        assertWrong(Map.of());
    }

    private void assertWrong(Object value) throws ConfigurationException {
        assertNull(read(value));
        assertEquals(1, settings.problems().size(), settings.problems()::toString);
        assertFalse(settings.problems().toString().contains("Tr0ub4dor"), settings.problems()::toString);
    }

    @Test
    void absentIsNotWrong() throws ConfigurationException {
        Settings none = Settings.of("discovery", Map.of());
        assertNull(SecretSettings.read(none, "password", Providers.of("secret source", List.of())));
        assertEquals(List.of(), none.problems());
    }
}
