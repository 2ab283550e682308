package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What SCRAM-SHA-256 derives from a password, a salt and a number of iterations: as good as the password at servers
 * that know it by them. Whoever holds one closes it, which wipes it.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc5802#section-3">RFC 5802, section 3</a>
 */
final class ScramKeys implements AutoCloseable {
    private static final String HMAC = "HmacSHA256";

    private final byte[] clientKey;
    private final byte[] serverKey;

    private ScramKeys(byte[] clientKey, byte[] serverKey) {
        this.clientKey = clientKey;
        this.serverKey = serverKey;
    }

    /** Takes milliseconds: not for an event loop. @param password prepared as SASLprep says, wiped by the caller */
    static ScramKeys derive(byte[] password, byte[] salt, int iterations) {
        Mac mac = mac(password);
        mac.update(salt);
        byte[] block = mac.doFinal(new byte[] {0, 0, 0, 1});
        byte[] salted = block.clone();
        for (int i = 1; i < iterations; i++) {
            block = mac.doFinal(block);
            for (int j = 0; j < salted.length; j++) {
                salted[j] ^= block[j];
            }
        }
        ScramKeys keys = new ScramKeys(hmac(salted, text("Client Key")), hmac(salted, text("Server Key")));
        Arrays.fill(block, (byte) 0);
        Arrays.fill(salted, (byte) 0);
        return keys;
    }

    ScramKeys copy() {
        return new ScramKeys(clientKey.clone(), serverKey.clone());
    }

    byte[] proof(byte[] message) {
        byte[] signature = hmac(sha256(clientKey), message);
        for (int i = 0; i < signature.length; i++) {
            signature[i] ^= clientKey[i];
        }
        return signature;
    }

    byte[] serverSignature(byte[] message) {
        return hmac(serverKey, message);
    }

    @Override
    public void close() {
        Arrays.fill(clientKey, (byte) 0);
        Arrays.fill(serverKey, (byte) 0);
    }

    private static byte[] text(String text) {
        return text.getBytes(ISO_8859_1);
    }

    private static byte[] hmac(byte[] key, byte[] message) {
        return mac(key).doFinal(message);
    }

    private static Mac mac(byte[] key) {
        try {
            Mac mac = Mac.getInstance(HMAC);
            // No key may be empty for the JDK; one of zeros is the same to HMAC, which pads with them.
            mac.init(new SecretKeySpec(key.length == 0 ? new byte[1] : key, HMAC));
            return mac;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }
}
