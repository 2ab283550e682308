package io.ambassador.auth.secret;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.service.Credentials;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.secret.CredentialException;
import io.ambassador.spi.secret.SecretSource;
import io.ambassador.spi.secret.SecretSourceProvider;
import io.ambassador.testkit.ChangingSecretSourceContract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FileSecretTest extends ChangingSecretSourceContract {
    @TempDir
    Path directory;

    @Override
    protected SecretSourceProvider<?> provider() {
        return new FileSecretProvider();
    }

    private Path file() {
        return directory.resolve("password");
    }

    @Override
    protected Object keep(String secret) throws IOException {
        write(file(), secret, "rw-------");
        return file().toString();
    }

    @Override
    protected void replace(String secret) throws IOException {
        Path next = directory.resolve("next");
        write(next, secret, "rw-------");
        Files.move(next, file(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    protected void remove() throws IOException {
        Files.delete(file());
    }

    private static void write(Path file, String text, String permissions) throws IOException {
        Files.deleteIfExists(file);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    }

    private SecretSource lenient() {
        return new FileSecretSource(new FileSecretConfig(file(), true, Duration.ofSeconds(1)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r-----", "rw----r--", "rw-r--r--"})
    void aFileThatOthersMayReadIsRefusedUnlessAllowed(String permissions) throws Exception {
        SecretSource source = source(keep(SECRET));
        Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString(permissions));

        CredentialException error = assertThrows(CredentialException.class, source::read);
        assertTrue(error.getMessage().contains("chmod 600 " + file()), error.getMessage());
        assertTrue(error.getMessage().contains("allow-readable"), error.getMessage());
        assertReads(SECRET, lenient());
    }

    /** A Kubernetes volume: the file is a link into ..data, itself a link that is swapped as a whole. */
    @Test
    void followsLinksThatAreSwapped() throws Exception {
        Path first = Files.createDirectory(directory.resolve("..2026_01"));
        Path second = Files.createDirectory(directory.resolve("..2026_02"));
        write(first.resolve("password"), "old", "rw-r--r--");
        write(second.resolve("password"), "new", "rw-r--r--");
        Path data = Files.createSymbolicLink(directory.resolve("..data"), first.getFileName());
        Files.createSymbolicLink(file(), Path.of("..data", "password"));
        SecretSource source = lenient();
        assertReads("old", source);

        Path swap = Files.createSymbolicLink(directory.resolve("..data_tmp"), second.getFileName());
        Files.move(swap, data, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        assertReads("new", source);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"pw\\n|pw", "pw\\r\\n|pw", "pw\\n\\n|pw\\n", "pw |pw ", "pw\\r|pw\\r", "\\npw|\\npw"},
            ignoreLeadingAndTrailingWhitespace = false)
    void oneLineEndAtTheEndIsNotPartOfThePassword(String content, String expected) throws Exception {
        assertReads(unescape(expected), source(keep(unescape(content))));
    }

    private static String unescape(String text) {
        return text.replace("\\n", "\n").replace("\\r", "\r");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "\r\n"})
    void anEmptyFileIsAnError(String content) throws Exception {
        SecretSource source = source(keep(content));
        CredentialException error = assertThrows(CredentialException.class, source::read);
        assertEquals("file " + file() + " is empty. Put the password there.", error.getMessage());
    }

    @Test
    void nothingLongerThan64KiBIsAPassword() throws Exception {
        assertReads("x".repeat(64 * 1024), source(keep("x".repeat(64 * 1024))));
        SecretSource source = source(keep("x".repeat(64 * 1024 + 1)));
        assertThrows(CredentialException.class, source::read);
        replace("short");
        assertReads("short", source);
    }

    @Test
    void aDirectoryAndADeviceAreErrors() {
        for (String path : new String[] {directory.toString(), "/dev/zero"}) {
            SecretSource source = source(path);
            CredentialException error = assertThrows(CredentialException.class, source::read);
            assertEquals("file " + path + " is not a regular file. Name the file itself.", error.getMessage());
        }
    }

    @Test
    void bytesThatAreNoTextAreKept() throws Exception {
        keep("");
        byte[] bytes = {0, (byte) 0xff, (byte) 0xfe, 13, 10, 1};
        Files.write(file(), bytes);
        try (var secret = source(file().toString()).read()) {
            assertEquals(new String(bytes, ISO_8859_1), new String(secret.reveal(), ISO_8859_1));
        }
    }

    @Test
    void readAgainEachSecond() throws Exception {
        assertEquals(Duration.ofSeconds(1), source(keep(SECRET)).refreshInterval());
    }

    @Test
    void anEmbedderSetsWhatABlockMay() throws Exception {
        assertEquals(
                new FileSecretConfig(file(), true, Duration.ofSeconds(1)),
                Credentials.of("app", "file", Map.of("path", file().toString(), "allow-readable", true))
                        .password()
                        .config());
        assertEquals(Credentials.file("app", file()), Credentials.of("app", "file", Map.of("path", file().toString())));
        assertThrows(ConfigurationException.class, () -> Credentials.of("app", "file", Map.of("paht", "x")));
    }
}
