package io.ambassador.auth.secret;

import io.ambassador.spi.secret.CredentialException;
import io.ambassador.spi.secret.Secret;
import io.ambassador.spi.secret.SecretSource;
import java.time.Duration;

/** Stands for a credential of systemd where systemd has handed over none. */
final class NoCredentialsDirectory implements SecretSource {
    private final String name;

    NoCredentialsDirectory(String name) {
        this.name = name;
    }

    @Override
    public Secret read() throws CredentialException {
        throw new CredentialException(description() + " is not there: CREDENTIALS_DIRECTORY is not set. Add"
                + " LoadCredential= to the unit, and run under systemd.");
    }

    @Override
    public Duration refreshInterval() {
        return Refresh.NEVER;
    }

    @Override
    public String description() {
        return "credential " + name;
    }
}
