package io.ambassador.transport;

import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * Reads an unencrypted PKCS #8 private key.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7468#section-10">RFC 7468, section 10</a>
 */
final class PemKey {
    private static final byte[] BEGIN = "-----BEGIN PRIVATE KEY-----".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] END = "-----END PRIVATE KEY-----".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ENCRYPTED = "BEGIN ENCRYPTED PRIVATE KEY".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] OTHER_KEY = " PRIVATE KEY-----".getBytes(StandardCharsets.US_ASCII);
    private static final List<String> ALGORITHMS = List.of("RSA", "EC", "EdDSA");

    private PemKey() {}

    /**
     * The first key in {@code pem}, which the caller wipes.
     *
     * @throws IllegalArgumentException if there is none that can be used; the message says what to do, and nothing of
     *     the content
     */
    static PrivateKey parse(byte[] pem) {
        int begin = indexOf(pem, BEGIN, 0);
        int end = begin < 0 ? -1 : indexOf(pem, END, begin);
        if (end < 0) {
            throw new IllegalArgumentException(unusable(pem));
        }
        byte[] base64 = Arrays.copyOfRange(pem, begin + BEGIN.length, end);
        byte[] der;
        try {
            der = Base64.getMimeDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("holds a private key that is not Base64. Export it again", e);
        } finally {
            Arrays.fill(base64, (byte) 0);
        }
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(der); // copies
        Arrays.fill(der, (byte) 0);
        return decode(spec);
    }

    private static PrivateKey decode(PKCS8EncodedKeySpec spec) {
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(spec);
            } catch (InvalidKeySpecException e) {
                continue; // of another algorithm
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e); // every JDK from 17 on has them
            }
        }
        throw new IllegalArgumentException(
                "holds a private key of an unknown kind (expected: one of " + ALGORITHMS + "). Use such a key");
    }

    private static String unusable(byte[] pem) {
        if (indexOf(pem, ENCRYPTED, 0) >= 0) {
            return "holds an encrypted private key. Decrypt it with openssl pkcs8 -in KEY -out NEW";
        }
        if (indexOf(pem, OTHER_KEY, 0) >= 0) {
            return "holds a private key that is not PKCS #8. Convert it with openssl pkcs8 -topk8 -nocrypt -in KEY -out"
                    + " NEW";
        }
        return "holds no private key. Put a PKCS #8 key in PEM form there";
    }

    private static int indexOf(byte[] bytes, byte[] wanted, int from) {
        for (int i = from; i <= bytes.length - wanted.length; i++) {
            if (Arrays.equals(bytes, i, i + wanted.length, wanted, 0, wanted.length)) {
                return i;
            }
        }
        return -1;
    }
}
