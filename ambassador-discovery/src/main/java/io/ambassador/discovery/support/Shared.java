package io.ambassador.discovery.support;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * One value for all who use it at the same time, such as a registry's client: made for the first of them, closed after
 * the last. Thread-safe.
 */
public final class Shared<K, V extends AutoCloseable> {
    /** One user's share. */
    public final class Lease implements AutoCloseable {
        private final Holder holder;
        private boolean given;

        private Lease(Holder holder) {
            this.holder = holder;
        }

        public V value() {
            return holder.value;
        }

        /** Gives it back; may be called twice. */
        @Override
        public void close() {
            synchronized (Shared.this) {
                if (given) {
                    return;
                }
                given = true;
                holder.users--;
                if (holder.users > 0) {
                    return;
                }
                holders.remove(holder.key);
            }
            closeQuietly(holder.value);
        }
    }

    private final class Holder {
        private final K key;
        private final V value;
        private int users;

        Holder(K key, V value) {
            this.key = key;
            this.value = value;
        }
    }

    private final Map<K, Holder> holders = new HashMap<>();

    /** @param maker opens what is shared; must not block */
    public synchronized Lease lease(K key, Supplier<V> maker) {
        Holder holder = holders.computeIfAbsent(key, missing -> new Holder(missing, maker.get()));
        holder.users++;
        return new Lease(holder);
    }

    private static void closeQuietly(AutoCloseable value) {
        try {
            value.close();
        } catch (Exception e) {
            throw new IllegalStateException("closing " + value + " failed", e);
        }
    }
}
