package io.ambassador.auth.postgresql;

import io.ambassador.spi.discovery.Endpoint;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Which server's session each cancel key stands for. Clients get keys of our own, since two servers may hand out the
 * same one, and since a server's own would work without us. Thread-safe.
 */
final class CancelKeys {
    /** @param secret 4 bytes in protocol 3.0, up to 256 from 3.2 on */
    record Key(int pid, byte[] secret) {}

    /** A session's own key at its server. */
    record Session(Endpoint endpoint, Key key) {}

    private record Entry(byte[] secret, Session session) {}

    private final SecureRandom random = new SecureRandom();
    private final Map<Integer, Entry> entries = new ConcurrentHashMap<>();

    /** The key that a client gets for {@code session}. */
    Key mint(Session session) {
        byte[] secret = new byte[session.key().secret().length];
        random.nextBytes(secret);
        while (true) {
            int pid = random.nextInt() & Integer.MAX_VALUE; // drivers show it as a process number
            if (entries.putIfAbsent(pid, new Entry(secret, session)) == null) {
                return new Key(pid, secret);
            }
        }
    }

    /** The session that a client's key stands for; {@code null} if it is nobody's. */
    @Nullable Session find(Key key) {
        Entry entry = entries.get(key.pid());
        return entry != null && MessageDigest.isEqual(entry.secret(), key.secret()) ? entry.session() : null;
    }

    void forget(Key key) {
        entries.remove(key.pid());
    }

    int size() {
        return entries.size();
    }
}
