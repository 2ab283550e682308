package io.ambassador.service;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * TLS to the endpoints. Chain and name are always verified; the files are read again when they change.
 *
 * @param serverName what the certificate must be for, and what is sent as server name; from configuration alone,
 *     never from discovery
 * @param ca PEM certificates to trust instead of the JVM's
 * @param certificate PEM chain of the client certificate; with {@code key}
 * @param key PEM private key (PKCS #8) of the client certificate
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9525">RFC 9525, service identity</a>
 */
public record TlsSpec(
        String serverName,
        @Nullable Path ca,
        @Nullable Path certificate,
        @Nullable Path key) {
    public TlsSpec {
        if ((certificate == null) != (key == null)) {
            throw new IllegalArgumentException("certificate and key: expected both or neither");
        }
    }
}
