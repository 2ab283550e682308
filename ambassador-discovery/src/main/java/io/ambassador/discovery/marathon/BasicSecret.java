package io.ambassador.discovery.marathon;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.discovery.support.RegistryPassword;
import io.ambassador.spi.secret.Secret;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;

/**
 * Makes of a password what HTTP's basic authentication shows, without ever making text of it.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7617">RFC 7617</a>
 */
final class BasicSecret {
    private BasicSecret() {}

    /** Owned by the caller. */
    static CompletableFuture<Secret> read(String username, RegistryPassword password) {
        return password.read().thenApply(secret -> {
            try (secret) {
                return of(username, secret);
            }
        });
    }

    private static Secret of(String username, Secret password) {
        byte[] bytes = password.reveal();
        byte[] name = (username + ":").getBytes(UTF_8);
        byte[] both = Arrays.copyOf(name, name.length + bytes.length);
        System.arraycopy(bytes, 0, both, name.length, bytes.length);
        byte[] encoded = Base64.getEncoder().encode(both);
        Arrays.fill(bytes, (byte) 0);
        Arrays.fill(both, (byte) 0);
        return Secret.owning(encoded);
    }
}
