package io.ambassador.auth.postgresql;

import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Keys derived before, for the newest secret alone and a few servers' salts. Hands out copies, which their users wipe.
 * Thread-safe.
 */
final class ScramKeyCache {
    static final int MAX_ENTRIES = 32;

    /** @param salt never changed */
    private record Origin(long secretVersion, ByteBuffer salt, int iterations) {}

    /** The least recently used first. */
    private final Map<Origin, ScramKeys> kept = new LinkedHashMap<>(16, 0.75f, true);

    private long newest;

    synchronized @Nullable ScramKeys find(long secretVersion, byte[] salt, int iterations) {
        ScramKeys keys = kept.get(new Origin(secretVersion, ByteBuffer.wrap(salt), iterations));
        return keys == null ? null : keys.copy();
    }

    /** Keeps a copy of {@code keys}, unless they are older than others here. */
    synchronized void keep(long secretVersion, byte[] salt, int iterations, ScramKeys keys) {
        if (secretVersion < newest) {
            return;
        }
        if (secretVersion > newest) {
            kept.values().forEach(ScramKeys::wipe);
            kept.clear();
            newest = secretVersion;
        }
        ScramKeys before = kept.put(new Origin(secretVersion, ByteBuffer.wrap(salt.clone()), iterations), keys.copy());
        if (before != null) {
            before.wipe();
        }
        if (kept.size() > MAX_ENTRIES) {
            Iterator<ScramKeys> eldest = kept.values().iterator();
            eldest.next().wipe();
            eldest.remove();
        }
    }
}
