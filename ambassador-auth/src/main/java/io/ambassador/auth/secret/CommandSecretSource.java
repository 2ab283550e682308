package io.ambassador.auth.secret;

import io.ambassador.spi.secret.CredentialException;
import io.ambassador.spi.secret.Secret;
import io.ambassador.spi.secret.SecretSource;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * Runs a program and takes what it prints. What it writes to standard error is thrown away: programs trace secrets
 * there.
 */
final class CommandSecretSource implements SecretSource {
    private static final File NULL = new File("/dev/null");
    private static final long POLL_MILLIS = 5;

    private final CommandSecretConfig config;
    private final SecretBytes bytes = new SecretBytes();

    CommandSecretSource(CommandSecretConfig config) {
        this.config = config;
    }

    @Override
    public Secret read() throws CredentialException {
        Process process = start();
        try {
            int exit = await(process);
            if (exit != 0) {
                throw new CredentialException(
                        description() + " exited with " + exit + ". Run it by hand to see what it says.");
            }
            return bytes.take("the output of " + description());
        } catch (IOException e) {
            throw new CredentialException("The output of " + description() + " cannot be read: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CredentialException(description() + " was interrupted.");
        } finally {
            bytes.wipe();
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private Process start() throws CredentialException {
        try {
            return new ProcessBuilder(config.argv())
                    .redirectInput(NULL)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            throw new CredentialException(
                    description() + " cannot be run. Check that the program exists and may be executed.");
        }
    }

    /**
     * Polls instead of blocking in a read, which would outlast the timeout while a child of the program holds its
     * output open.
     */
    private int await(Process process) throws IOException, InterruptedException, CredentialException {
        long deadline = System.nanoTime() + config.timeout().toNanos();
        InputStream output = process.getInputStream();
        byte[] chunk = new byte[4096];
        try {
            while (!process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                drain(output, chunk);
                if (System.nanoTime() - deadline > 0) {
                    throw new CredentialException(description() + " took longer than "
                            + config.timeout().toMillis() + " ms and was stopped. Raise timeout, or mend it.");
                }
            }
            drain(output, chunk);
            return process.exitValue();
        } finally {
            Arrays.fill(chunk, (byte) 0);
        }
    }

    /** Takes what is there; what does not fit shows that there is too much, and is dropped. */
    private void drain(InputStream output, byte[] chunk) throws IOException {
        while (output.available() > 0) {
            int count = output.read(chunk, 0, Math.min(chunk.length, output.available()));
            if (count <= 0) {
                return;
            }
            bytes.buffer().put(chunk, 0, Math.min(count, bytes.buffer().remaining()));
        }
    }

    @Override
    public Duration refreshInterval() {
        return config.refresh();
    }

    @Override
    public Duration timeout() {
        return config.timeout().plusSeconds(1);
    }

    /** The program alone: its arguments may be secret. */
    @Override
    public String description() {
        return "command " + config.argv().get(0);
    }
}
