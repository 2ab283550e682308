package io.ambassador.auth.secret;

import io.ambassador.spi.secret.CredentialException;
import io.ambassador.spi.secret.Secret;
import java.nio.ByteBuffer;

/** Bytes on their way from a store to a {@link Secret}, in one buffer that is used again and always left wiped. */
final class SecretBytes {
    /** No password is longer; a larger store is a mistake. */
    static final int MAX = 64 * 1024;

    // One byte more than allowed tells "too long" from "just fits". Direct, since channels copy through heap buffers.
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(MAX + 1);

    /** Where to read to; full when the store holds too much. */
    ByteBuffer buffer() {
        return buffer;
    }

    /**
     * What was read, without one line end at its end, where editors and {@code echo} leave one.
     *
     * @param description the store, for the message
     * @throws CredentialException if nothing or too much was read
     */
    Secret take(String description) throws CredentialException {
        if (!buffer.hasRemaining()) {
            throw new CredentialException(description + " holds more than " + MAX
                    + " bytes, which cannot be a password. Check that it is the right one.");
        }
        buffer.flip();
        int length = buffer.limit();
        if (length > 0 && buffer.get(length - 1) == '\n') {
            length--;
            if (length > 0 && buffer.get(length - 1) == '\r') {
                length--;
            }
        }
        if (length == 0) {
            throw new CredentialException(description + " is empty. Put the password there.");
        }
        byte[] bytes = new byte[length];
        buffer.get(bytes);
        return Secret.owning(bytes);
    }

    void wipe() {
        buffer.clear();
        while (buffer.remaining() >= Long.BYTES) {
            buffer.putLong(0);
        }
        while (buffer.hasRemaining()) {
            buffer.put((byte) 0);
        }
        buffer.clear();
    }
}
