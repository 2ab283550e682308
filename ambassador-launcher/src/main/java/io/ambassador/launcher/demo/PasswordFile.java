package io.ambassador.launcher.demo;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Set;

/** The file that the ambassador reads the password from: mode 0600, in a temporary directory of its own, mode 0700. */
class PasswordFile implements AutoCloseable {
    private final Path directory;
    private final Path path;

    PasswordFile() throws IOException {
        directory = Files.createTempDirectory("ambassador-demo");
        path = directory.resolve("redis-password");
    }

    final Path path() {
        return path;
    }

    /** Replaces the content at once: a reader sees the old password or the new one, never a part. */
    void write(Password password) throws IOException {
        Path next = directory.resolve("next");
        byte[] bytes = password.reveal();
        try (WritableByteChannel channel = Files.newByteChannel(
                next,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
            channel.write(ByteBuffer.wrap(bytes));
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
        Files.move(next, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(directory.resolve("next"));
        Files.deleteIfExists(path);
        Files.deleteIfExists(directory);
    }
}
