package io.ambassador.auth.postgresql;

import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.security.spec.PSSParameterSpec;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The channel binding {@code tls-server-end-point}: the certificate's digest, by the algorithm of its own signature.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc5929#section-4">RFC 5929, section 4</a>
 */
final class EndPointHash {
    private static final Pattern NAME = Pattern.compile("(.+?)WITH.+");
    private static final Pattern SHA2 = Pattern.compile("SHA-?(224|256|384|512)(/224|/256)?");

    private EndPointHash() {}

    /** {@code null} where the signature has no single digest, as with Ed25519: nothing is defined for those. */
    static byte @Nullable [] of(X509Certificate certificate) {
        String digest = digest(certificate);
        if (digest == null) {
            return null;
        }
        try {
            return MessageDigest.getInstance(digest).digest(certificate.getEncoded());
        } catch (GeneralSecurityException e) {
            return null; // a digest that this JVM does not have
        }
    }

    private static @Nullable String digest(X509Certificate certificate) {
        String signature = certificate.getSigAlgName().toUpperCase(Locale.ROOT);
        if (signature.equals("RSASSA-PSS")) {
            return pss(certificate.getSigAlgParams());
        }
        Matcher name = NAME.matcher(signature);
        return name.matches() ? atLeastSha256(name.group(1)) : null;
    }

    private static @Nullable String pss(byte @Nullable [] encoded) {
        if (encoded == null) {
            return null;
        }
        try {
            AlgorithmParameters parameters = AlgorithmParameters.getInstance("RSASSA-PSS");
            parameters.init(encoded);
            return atLeastSha256(parameters
                    .getParameterSpec(PSSParameterSpec.class)
                    .getDigestAlgorithm()
                    .toUpperCase(Locale.ROOT));
        } catch (GeneralSecurityException | java.io.IOException e) {
            return null; // parameters that no other implementation would agree on either
        }
    }

    /** MD5 and SHA-1 are replaced. */
    private static String atLeastSha256(String digest) {
        if (digest.equals("MD5") || digest.equals("SHA1") || digest.equals("SHA-1")) {
            return "SHA-256";
        }
        Matcher sha2 = SHA2.matcher(digest);
        return sha2.matches() ? "SHA-" + sha2.group(1) + (sha2.group(2) == null ? "" : sha2.group(2)) : digest;
    }
}
