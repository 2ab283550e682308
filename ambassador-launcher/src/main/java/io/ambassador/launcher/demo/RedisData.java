package io.ambassador.launcher.demo;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Keys and values, a bounded number of them. Thread-safe. */
final class RedisData {
    static final int MAX_KEYS = 1_000;

    private final Map<String, byte[]> values = new HashMap<>();

    /** Whether there was room. */
    synchronized boolean set(String key, byte[] value) {
        if (values.size() >= MAX_KEYS && !values.containsKey(key)) {
            return false;
        }
        values.put(key, value);
        return true;
    }

    synchronized byte @Nullable [] get(String key) {
        return values.get(key);
    }

    /** @throws ArithmeticException if the value is not a number, or the greatest, or there is no room for it */
    synchronized long increment(String key) {
        byte[] old = values.get(key);
        try {
            long next = Math.incrementExact(old == null ? 0 : Long.parseLong(new String(old, ISO_8859_1)));
            if (!set(key, Long.toString(next).getBytes(ISO_8859_1))) {
                throw new ArithmeticException("no room");
            }
            return next;
        } catch (NumberFormatException e) {
            throw new ArithmeticException("not a number");
        }
    }

    synchronized int size() {
        return values.size();
    }
}
