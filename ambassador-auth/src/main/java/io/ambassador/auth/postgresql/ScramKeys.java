package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.ambassador.spi.secret.Secret;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * What SCRAM derives from a password, a salt and a number of iterations. As good as the password at servers that have
 * the same salt, so it is wiped likewise.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc5802#section-3">RFC 5802, section 3</a>
 */
final class ScramKeys {
    private static final byte[] CLIENT_KEY = "Client Key".getBytes(US_ASCII);
    private static final byte[] SERVER_KEY = "Server Key".getBytes(US_ASCII);

    private final byte[] clientKey;
    private final byte[] serverKey;

    private ScramKeys(byte[] clientKey, byte[] serverKey) {
        this.clientKey = clientKey;
        this.serverKey = serverKey;
    }

    /** Takes long: about a millisecond for each thousand iterations. */
    static ScramKeys derive(Secret secret, byte[] salt, int iterations) throws GeneralSecurityException {
        byte[] raw = secret.reveal();
        byte[] password = SaslPrep.prepare(raw);
        byte[] salted = new byte[HmacSha256.LENGTH];
        try {
            pbkdf2(password, salt, iterations, salted);
            return new ScramKeys(HmacSha256.of(salted, CLIENT_KEY), HmacSha256.of(salted, SERVER_KEY));
        } finally {
            Arrays.fill(raw, (byte) 0);
            Arrays.fill(password, (byte) 0);
            Arrays.fill(salted, (byte) 0);
        }
    }

    /** One block is all that is needed. */
    private static void pbkdf2(byte[] password, byte[] salt, int iterations, byte[] result)
            throws GeneralSecurityException {
        try (HmacSha256 hmac = new HmacSha256(password)) {
            byte[] block = hmac.of(
                    ByteBuffer.allocate(salt.length + 4).put(salt).putInt(1).array());
            System.arraycopy(block, 0, result, 0, result.length);
            for (int i = 1; i < iterations; i++) {
                hmac.again(block);
                for (int j = 0; j < result.length; j++) {
                    result[j] ^= block[j];
                }
            }
            Arrays.fill(block, (byte) 0);
        }
    }

    /** The client's proof for what both sides have said. */
    byte[] clientProof(byte[] authMessage) {
        byte[] storedKey = sha256().digest(clientKey);
        byte[] proof = HmacSha256.of(storedKey, authMessage);
        for (int i = 0; i < proof.length; i++) {
            proof[i] ^= clientKey[i];
        }
        Arrays.fill(storedKey, (byte) 0);
        return proof;
    }

    /** What the server has to answer with. */
    byte[] serverSignature(byte[] authMessage) {
        return HmacSha256.of(serverKey, authMessage);
    }

    ScramKeys copy() {
        return new ScramKeys(clientKey.clone(), serverKey.clone());
    }

    void wipe() {
        Arrays.fill(clientKey, (byte) 0);
        Arrays.fill(serverKey, (byte) 0);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JVM has it
        }
    }
}
