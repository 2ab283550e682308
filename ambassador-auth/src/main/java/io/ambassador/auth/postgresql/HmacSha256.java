package io.ambassador.auth.postgresql;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.SecretKey;

/** HMAC-SHA-256 under a key that leaves nothing behind. Not thread-safe. */
final class HmacSha256 implements AutoCloseable {
    static final int LENGTH = 32;

    private final Mac mac;

    /** @param key may be empty; the caller wipes it */
    HmacSha256(byte[] key) {
        try {
            mac = Mac.getInstance("HmacSHA256");
            mac.init(new Bytes(key));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("This JVM has no HMAC-SHA-256.", e);
        }
    }

    static byte[] of(byte[] key, byte[] message) {
        try (HmacSha256 hmac = new HmacSha256(key)) {
            return hmac.of(message);
        }
    }

    byte[] of(byte[] message) {
        return mac.doFinal(message);
    }

    /** Puts the digest of what {@code block} holds in its place. */
    void again(byte[] block) throws GeneralSecurityException {
        mac.update(block);
        mac.doFinal(block, 0);
    }

    /** What the JVM keeps of a key is overwritten by another. */
    @Override
    public void close() {
        try {
            mac.init(new Bytes(new byte[LENGTH]));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Unlike the JDK's, it may be empty, and keeps no copy. */
    private static final class Bytes implements SecretKey {
        private static final long serialVersionUID = 1L;

        private final transient byte[] key;

        Bytes(byte[] key) {
            this.key = key;
        }

        @Override
        public String getAlgorithm() {
            return "HmacSHA256";
        }

        @Override
        public String getFormat() {
            return "RAW";
        }

        /** A copy, which the JDK wipes. */
        @Override
        public byte[] getEncoded() {
            return Arrays.copyOf(key, key.length);
        }
    }
}
