package io.ambassador.auth.secret;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.ambassador.service.Credentials;
import io.ambassador.spi.Settings;
import io.ambassador.spi.secret.SecretSourceProvider;
import io.ambassador.testkit.SecretSourceContract;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LiteralSecretTest extends SecretSourceContract {
    private final LiteralSecretProvider provider = new LiteralSecretProvider();

    @Override
    protected SecretSourceProvider<?> provider() {
        return provider;
    }

    @Override
    protected Object keep(String secret) {
        return secret;
    }

    @Test
    void anotherPasswordIsAnotherConfiguration() throws Exception {
        assertEquals(Credentials.of("app", "literal", "one"), Credentials.of("app", "literal", "one"));
        assertNotEquals(Credentials.of("app", "literal", "one"), Credentials.of("app", "literal", "two"));
    }

    @Test
    void anEmptyPasswordIsAProblem() {
        Settings settings = Settings.of("password", Map.of("value", ""));
        provider.parse(settings);
        assertEquals(
                List.of("password.value: is empty. Write the password, or remove the credentials"),
                settings.problems());
    }
}
