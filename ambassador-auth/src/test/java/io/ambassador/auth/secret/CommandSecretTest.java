package io.ambassador.auth.secret;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.Settings;
import io.ambassador.spi.secret.CredentialException;
import io.ambassador.spi.secret.SecretSource;
import io.ambassador.spi.secret.SecretSourceProvider;
import io.ambassador.testkit.ChangingSecretSourceContract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class CommandSecretTest extends ChangingSecretSourceContract {
    @TempDir
    Path directory;

    private Path file() {
        return directory.resolve("printed");
    }

    @Override
    protected SecretSourceProvider<?> provider() {
        return new CommandSecretProvider();
    }

    @Override
    protected Object keep(String secret) throws IOException {
        Files.writeString(file(), secret + "\n");
        return List.of("cat", file().toString());
    }

    @Override
    protected void replace(String secret) throws IOException {
        keep(secret);
    }

    @Override
    protected void remove() throws IOException {
        Files.delete(file());
    }

    private static SecretSource shell(String script, Duration timeout) {
        return new CommandSecretSource(
                new CommandSecretConfig(List.of("sh", "-c", script), timeout, Duration.ofMinutes(1)));
    }

    @Test
    void argumentsAreNotInterpreted() throws Exception {
        assertReads("$(touch x); $HOME", source(List.of("printf", "%s", "$(touch x); $HOME")));
    }

    @Test
    void aFailureTellsTheExitCodeAndNothingThatWasPrinted() {
        SecretSource source = shell("echo s3cret; echo s3cret >&2; exit 3", Duration.ofSeconds(5));
        CredentialException error = assertThrows(CredentialException.class, source::read);
        assertEquals("command sh exited with 3. Run it by hand to see what it says.", error.getMessage());
    }

    @Test
    void aMissingProgramIsAnErrorThatKeepsItsArguments() {
        SecretSource source = source(List.of("/no/such/program", "s3cret"));
        CredentialException error = assertThrows(CredentialException.class, source::read);
        assertEquals(
                "command /no/such/program cannot be run. Check that the program exists and may be executed.",
                error.getMessage());
    }

    @Test
    @Timeout(20)
    void aProgramThatHangsIsKilledWithItsChildren() {
        SecretSource source = shell("sleep 61.25; echo late", Duration.ofMillis(300));
        CredentialException error = assertThrows(CredentialException.class, source::read);
        assertEquals(
                "command sh took longer than 300 ms and was stopped. Raise timeout, or mend it.", error.getMessage());
        await().until(() -> ProcessHandle.current() // they have been told to end, which takes a moment
                .descendants()
                .noneMatch(child -> child.info()
                        .arguments()
                        .map(arguments -> List.of(arguments).contains("61.25"))
                        .orElse(false)));
    }

    @Test
    @Timeout(20)
    void aChildThatKeepsTheOutputOpenDoesNotDelayIt() throws Exception {
        assertReads("pw", shell("echo pw; sleep 60 &", Duration.ofSeconds(10)));
    }

    @Test
    @Timeout(20)
    void endlessOutputIsAnError() {
        SecretSource source = shell("yes", Duration.ofMillis(500));
        assertThrows(CredentialException.class, source::read);
    }

    @Test
    void moreThan64KiBIsNoPassword() {
        SecretSource source = shell("head -c 70000 /dev/zero", Duration.ofSeconds(5));
        CredentialException error = assertThrows(CredentialException.class, source::read);
        assertTrue(error.getMessage().contains("holds more than 65536 bytes"), error.getMessage());
    }

    @Test
    void readsNothingFromOurInput() throws Exception {
        assertReads("end", shell("cat; echo end", Duration.ofSeconds(5)));
    }

    @Test
    void aCommandIsNeeded() {
        Settings settings = Settings.of("password", Map.of("timeout", "0s"));
        new CommandSecretProvider().parse(settings);
        assertEquals(2, settings.problems().size(), settings.problems().toString());
        assertFalse(settings.problems().get(0).isEmpty());
    }
}
