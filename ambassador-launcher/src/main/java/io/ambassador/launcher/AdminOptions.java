package io.ambassador.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which sidecar a command speaks to, and with which token. */
final class AdminOptions {
    private static final String TOKEN_VARIABLE = "AMBASSADOR_ADMIN_TOKEN";

    @Option(
            names = "--admin",
            paramLabel = "ADDRESS",
            defaultValue = "${env:AMBASSADOR_ADMIN_LISTEN:-127.0.0.1:9901}",
            description = "Its admin address: host:port, a port, or unix:/path. Default: AMBASSADOR_ADMIN_LISTEN, else"
                    + " 127.0.0.1:9901.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private String address;

    @Option(
            names = "--admin-token-file",
            paramLabel = "FILE",
            defaultValue = "${env:AMBASSADOR_ADMIN_TOKEN_FILE}",
            description = "Its admin token. Default: the file AMBASSADOR_ADMIN_TOKEN_FILE, else what"
                    + " AMBASSADOR_ADMIN_TOKEN holds.")
    private @Nullable Path tokenFile;

    AdminClient client() {
        return new AdminClient(address, this::token);
    }

    private byte @Nullable [] token() throws CommandFailure {
        if (tokenFile == null || tokenFile.toString().isEmpty()) {
            String given = System.getenv(TOKEN_VARIABLE);
            return given == null || given.isEmpty() ? null : checked(given.getBytes(UTF_8), TOKEN_VARIABLE);
        }
        try {
            byte[] read = Files.readAllBytes(tokenFile);
            int length = read.length;
            if (length > 0 && read[length - 1] == '\n') {
                length -= length > 1 && read[length - 2] == '\r' ? 2 : 1;
            }
            byte[] token = Arrays.copyOf(read, length);
            Arrays.fill(read, (byte) 0);
            return checked(token, tokenFile.toString());
        } catch (NoSuchFileException e) {
            throw new CommandFailure("--admin-token-file " + tokenFile + ": does not exist.");
        } catch (IOException e) {
            throw new CommandFailure("--admin-token-file " + tokenFile + ": cannot be read: " + e.getMessage());
        }
    }

    /** A line end within would be a header of its own. */
    private static byte[] checked(byte[] token, String where) throws CommandFailure {
        for (byte each : token) {
            if (each >= 0 && each < ' ') {
                throw new CommandFailure(where + ": is not a token, which is one line of text.");
            }
        }
        return token;
    }
}
