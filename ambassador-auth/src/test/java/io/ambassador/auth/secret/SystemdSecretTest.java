package io.ambassador.auth.secret;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ambassador.spi.Settings;
import io.ambassador.spi.secret.CredentialException;
import io.ambassador.spi.secret.SecretSourceProvider;
import io.ambassador.testkit.ChangingSecretSourceContract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SystemdSecretTest extends ChangingSecretSourceContract {
    @TempDir
    Path directory;

    @Override
    protected SecretSourceProvider<?> provider() {
        return new SystemdSecretProvider(Map.of("CREDENTIALS_DIRECTORY", directory.toString())::get);
    }

    @Override
    protected Object keep(String secret) throws IOException {
        Files.writeString(directory.resolve("redis"), secret);
        return "redis";
    }

    @Override
    protected void replace(String secret) throws IOException {
        keep(secret);
    }

    @Override
    protected void remove() throws IOException {
        Files.delete(directory.resolve("redis"));
    }

    @Test
    void withoutSystemdItSaysWhatIsMissing() {
        var source = new SystemdSecretProvider(variable -> null).create(new SystemdSecretConfig("redis"));
        CredentialException error = assertThrows(CredentialException.class, source::read);
        assertEquals(
                "credential redis is not there: CREDENTIALS_DIRECTORY is not set. Add LoadCredential= to the unit,"
                        + " and run under systemd.",
                error.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"../redis", "/etc/passwd", "..", "."})
    void aPathIsNoName(String name) {
        Settings settings = Settings.of("password", Map.of("name", name));
        provider().parse(settings);
        assertEquals(1, settings.problems().size());
    }
}
