package io.ambassador.auth.postgresql;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What ties a login to the certificate of the TLS connection it is made on.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc5929#section-4">RFC 5929, section 4, tls-server-end-point</a>
 */
final class ChannelBindings {
    private ChannelBindings() {}

    /** The certificate's hash; {@code null} where its signature names no hash to take. */
    static byte @Nullable [] serverEndPoint(X509Certificate certificate) {
        String hash = hash(certificate.getSigAlgName().toUpperCase(Locale.ROOT));
        if (hash == null) {
            return null;
        }
        try {
            return MessageDigest.getInstance(hash).digest(certificate.getEncoded());
        } catch (GeneralSecurityException e) {
            return null; // a hash that this JDK does not know: unbound, unless binding is required
        }
    }

    /** SHA-256 stands in for the hashes that are broken. */
    private static @Nullable String hash(String signatureAlgorithm) {
        int with = signatureAlgorithm.indexOf("WITH");
        if (with < 0) {
            return null; // Ed25519 and RSASSA-PSS: undefined
        }
        return switch (signatureAlgorithm.substring(0, with)) {
            case "MD5", "SHA1", "SHA256" -> "SHA-256";
            case "SHA224" -> "SHA-224";
            case "SHA384" -> "SHA-384";
            case "SHA512" -> "SHA-512";
            default -> null;
        };
    }
}
