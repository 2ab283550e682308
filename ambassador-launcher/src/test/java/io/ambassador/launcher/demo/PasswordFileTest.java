package io.ambassador.launcher.demo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;

class PasswordFileTest {
    @Test
    void isReadableByItsOwnerAloneAndGoneAfterwards() throws IOException {
        Path path;
        try (PasswordFile file = new PasswordFile()) {
            path = file.path();
            Password second = Password.random();
            file.write(Password.random());
            file.write(second);

            assertArrayEquals(second.reveal(), Files.readAllBytes(path));
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
            assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path.getParent())));
        }
        assertFalse(Files.exists(path.getParent()));
    }
}
