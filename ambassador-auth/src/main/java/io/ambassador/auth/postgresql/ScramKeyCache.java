package io.ambassador.auth.postgresql;

import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Keys derived before, which spare a login thousands of hashes. A few for each version of the secret, of the newest two
 * versions alone; what is dropped is wiped. Thread-safe.
 */
final class ScramKeyCache {
    private static final int MOST = 64;

    private record Id(long version, int salt, int iterations) {}

    private record Entry(byte[] salt, ScramKeys keys) {}

    private final Map<Id, Entry> entries = new LinkedHashMap<>();

    /** A copy, which the caller closes; {@code null} if they have to be derived. */
    synchronized @Nullable ScramKeys find(long version, byte[] salt, int iterations) {
        Entry entry = entries.get(id(version, salt, iterations));
        return entry != null && Arrays.equals(entry.salt(), salt) ? entry.keys().copy() : null;
    }

    /** Keeps a copy of {@code keys}. */
    synchronized void keep(long version, byte[] salt, int iterations, ScramKeys keys) {
        Entry old = entries.remove(id(version, salt, iterations));
        if (old != null) {
            old.keys().close();
        }
        Iterator<Map.Entry<Id, Entry>> oldest = entries.entrySet().iterator();
        while (oldest.hasNext()) {
            Map.Entry<Id, Entry> each = oldest.next();
            if (each.getKey().version() < version - 1 || entries.size() >= MOST) {
                each.getValue().keys().close();
                oldest.remove();
            }
        }
        entries.put(id(version, salt, iterations), new Entry(salt.clone(), keys.copy()));
    }

    synchronized int size() {
        return entries.size();
    }

    private static Id id(long version, byte[] salt, int iterations) {
        return new Id(version, Arrays.hashCode(salt), iterations);
    }
}
