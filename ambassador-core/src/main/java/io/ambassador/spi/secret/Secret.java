package io.ambassador.spi.secret;

import java.security.MessageDigest;
import java.util.Arrays;

/**
 * Secret bytes, such as a password. Never rendered: {@link #toString} tells nothing, not even the length. Whoever
 * holds one closes it, which wipes it. Thread-safe.
 */
public final class Secret implements AutoCloseable {
    private final byte[] bytes;
    private boolean wiped;

    private Secret(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Takes {@code bytes} over: the caller no longer touches them. */
    public static Secret owning(byte[] bytes) {
        return new Secret(bytes);
    }

    /** Another with the same bytes, closed on its own. */
    public Secret copy() {
        return new Secret(reveal());
    }

    /**
     * A copy of the bytes, which the caller wipes as soon as they are used.
     *
     * @throws IllegalStateException after {@link #close()}
     */
    public synchronized byte[] reveal() {
        if (wiped) {
            throw new IllegalStateException("This secret has been wiped.");
        }
        return bytes.clone();
    }

    /** Whether both hold the same bytes, in time that does not tell where they differ. */
    public boolean sameAs(Secret other) {
        try (Secret mine = copy();
                Secret theirs = other.copy()) {
            return MessageDigest.isEqual(mine.bytes, theirs.bytes);
        }
    }

    /** Wipes the bytes; may be called twice. */
    @Override
    public synchronized void close() {
        Arrays.fill(bytes, (byte) 0);
        wiped = true;
    }

    @Override
    public String toString() {
        return "***";
    }
}
