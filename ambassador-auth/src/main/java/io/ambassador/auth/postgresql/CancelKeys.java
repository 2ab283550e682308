package io.ambassador.auth.postgresql;

import io.ambassador.spi.discovery.Endpoint;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The keys that clients were given for their cancel requests, and what they stand for: backends behind one address have
 * process ids in common, so theirs would not do. Thread-safe.
 */
final class CancelKeys {
    /** @param given to the client */
    private record Entry(BackendKey given, Target target) {}

    /** The connection that a cancel request is about. */
    record Target(Endpoint endpoint, BackendKey key) {}

    private final Map<Integer, Entry> entries = new ConcurrentHashMap<>();
    private final SecureRandom random = new SecureRandom();

    /** A key for a client, as long as the server's own, good until {@link #forget}. */
    BackendKey mint(Target target) {
        byte[] secret = new byte[target.key().secret().length];
        random.nextBytes(secret);
        while (true) {
            int pid = random.nextInt(Integer.MAX_VALUE - 1) + 1;
            BackendKey given = new BackendKey(pid, secret);
            if (entries.putIfAbsent(pid, new Entry(given, target)) == null) {
                return given;
            }
        }
    }

    void forget(BackendKey given) {
        entries.remove(given.pid());
    }

    /** What {@code key} stands for; {@code null} if nothing, told in time that does not depend on where it differs. */
    @Nullable Target find(BackendKey key) {
        Entry entry = entries.get(key.pid());
        return entry != null && MessageDigest.isEqual(entry.given().secret(), key.secret()) ? entry.target() : null;
    }
}
