package io.ambassador.auth.secret;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ambassador.spi.Settings;
import io.ambassador.spi.secret.CredentialException;
import io.ambassador.spi.secret.SecretSource;
import io.ambassador.spi.secret.SecretSourceProvider;
import io.ambassador.testkit.ChangingSecretSourceContract;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EnvSecretTest extends ChangingSecretSourceContract {
    private final Map<String, String> environment = new HashMap<>();

    @Override
    protected SecretSourceProvider<?> provider() {
        return new EnvSecretProvider(environment::get);
    }

    @Override
    protected Object keep(String secret) {
        environment.put("REDIS_PASSWORD", secret);
        return "REDIS_PASSWORD";
    }

    @Override
    protected void replace(String secret) {
        keep(secret);
    }

    @Override
    protected void remove() {
        environment.clear();
    }

    @Test
    void anEmptyVariableIsAnError() {
        SecretSource source = source(keep(""));
        CredentialException error = assertThrows(CredentialException.class, source::read);
        assertEquals("environment variable REDIS_PASSWORD is empty. Put the password there.", error.getMessage());
    }

    @Test
    void theProcessEnvironmentIsRead() throws Exception {
        EnvSecretProvider real = new EnvSecretProvider();
        assertReads(System.getenv("PATH"), real.create(new EnvSecretConfig("PATH")));
    }

    @Test
    void aValueInPlaceOfTheNameIsNotShown() {
        Settings settings = Settings.of("password", provider().settingsOf("PASSWORD=s3cret"));
        provider().parse(settings);
        assertEquals(1, settings.problems().size());
        assertFalse(settings.problems().get(0).contains("s3cret"));
    }
}
