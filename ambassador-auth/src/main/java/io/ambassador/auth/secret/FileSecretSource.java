package io.ambassador.auth.secret;

import io.ambassador.spi.secret.CredentialException;
import io.ambassador.spi.secret.Secret;
import io.ambassador.spi.secret.SecretSource;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.Set;

/** Reads the file anew each time, by its path: whatever it or a symbolic link on the way points at now counts. */
final class FileSecretSource implements SecretSource {
    private static final Set<PosixFilePermission> READABLE =
            Set.of(PosixFilePermission.GROUP_READ, PosixFilePermission.OTHERS_READ);

    private final FileSecretConfig config;
    private final SecretBytes bytes = new SecretBytes();

    FileSecretSource(FileSecretConfig config) {
        this.config = config;
    }

    @Override
    public Secret read() throws CredentialException {
        try {
            Path file = config.path().toRealPath();
            if (!Files.isRegularFile(file)) {
                throw new CredentialException(description() + " is not a regular file. Name the file itself.");
            }
            if (!config.allowReadable()) {
                requirePrivate(file);
            }
            try (SeekableByteChannel channel = Files.newByteChannel(file)) {
                while (channel.read(bytes.buffer()) > 0) {
                    // until the end of the file, or the buffer is full
                }
            }
            return bytes.take(description());
        } catch (NoSuchFileException e) {
            throw new CredentialException(description() + " does not exist. Create it, or correct the path.");
        } catch (AccessDeniedException e) {
            throw new CredentialException(
                    description() + " may not be read by this process. Make it the file's owner.");
        } catch (IOException e) {
            throw new CredentialException(description() + " cannot be read: " + e.getMessage());
        } finally {
            bytes.wipe();
        }
    }

    private void requirePrivate(Path file) throws IOException, CredentialException {
        PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
        if (view == null) {
            throw new CredentialException(description()
                    + " is on a file system without permissions to check. Set allow-readable = true to accept that.");
        }
        Set<PosixFilePermission> permissions = view.readAttributes().permissions();
        if (permissions.stream().anyMatch(READABLE::contains)) {
            throw new CredentialException(description() + " can be read by its group or by everyone. Run chmod 600 "
                    + config.path() + ", or set allow-readable = true where something else protects it.");
        }
    }

    @Override
    public Duration refreshInterval() {
        return config.refresh();
    }

    @Override
    public String description() {
        return "file " + config.path();
    }
}
