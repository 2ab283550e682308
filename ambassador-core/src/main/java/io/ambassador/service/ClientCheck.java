package io.ambassador.service;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.secret.Secret;
import java.security.MessageDigest;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Judges the credentials that clients show. Thread-safe. */
public final class ClientCheck {
    private final ClientCredentials wanted;
    private final @Nullable SecretKeeper secrets;

    /** @param secrets keeps what is to be shown; {@code null} if nothing is */
    ClientCheck(ClientCredentials wanted, @Nullable SecretKeeper secrets) {
        this.wanted = wanted;
        this.secrets = secrets;
    }

    /** Whether a client that shows nothing is refused. */
    public boolean mustShow() {
        return wanted.mode() == ClientCredentials.Mode.VERIFY;
    }

    /**
     * In time that does not tell where they differ, nor which of the two does.
     *
     * @param password wiped by the caller
     */
    public boolean accepts(@Nullable String username, byte[] password) {
        return switch (wanted.mode()) {
            case ACCEPT_ANY -> true;
            case REJECT -> false;
            case VERIFY -> matches(username, password);
        };
    }

    private boolean matches(@Nullable String username, byte[] password) {
        try (Secret secret = secrets == null ? null : secrets.newest()) {
            if (secret == null) {
                return false; // none could be read, which the log says
            }
            byte[] right = secret.reveal();
            boolean samePassword = MessageDigest.isEqual(right, password);
            Arrays.fill(right, (byte) 0);
            String user = wanted.username();
            boolean sameUser = user == null
                    || MessageDigest.isEqual(user.getBytes(UTF_8), (username == null ? "" : username).getBytes(UTF_8));
            return samePassword & sameUser;
        }
    }
}
