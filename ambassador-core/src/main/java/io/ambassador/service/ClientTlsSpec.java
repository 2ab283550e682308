package io.ambassador.service;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * TLS to the clients, 1.2 or 1.3; the files are read again when they change.
 *
 * @param certificate PEM chain, leaf first
 * @param key PEM private key (PKCS #8) of the certificate
 * @param clientCa PEM certificates; each client must show a certificate that one of them vouches for
 * @param mode whether clients may do without
 */
public record ClientTlsSpec(
        Path certificate, Path key, @Nullable Path clientCa, Mode mode) {
    /** Whether clients may do without. */
    public enum Mode {
        REQUIRE,
        /** For protocols in which the client asks for TLS: those that do not ask are served, too. */
        OFFER
    }

    public ClientTlsSpec {
        if (clientCa != null && mode == Mode.OFFER) {
            throw new IllegalArgumentException(
                    "client-tls.client-ca: clients could do without a certificate by doing without TLS."
                            + " Set client-tls.mode = require");
        }
    }
}
