package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ScramKeyCacheTest {
    private static final byte[] SALT = {1};
    private static final byte[] SAID = "said".getBytes(UTF_8);

    private final ScramKeyCache cache = new ScramKeyCache();

    @Test
    void keepsCopies() {
        ScramKeys keys = Backend.keys("pw", SALT, 1);
        byte[] signature = keys.serverSignature(SAID);
        cache.keep(1, SALT, 1, keys);
        keys.wipe();
        assertFalse(Arrays.equals(signature, keys.serverSignature(SAID)), "wiped");
        cache.find(1, SALT, 1).wipe();
        assertArrayEquals(signature, cache.find(1, SALT, 1).serverSignature(SAID));
    }

    @Test
    void goesBySecretSaltAndIterations() {
        cache.keep(1, SALT, 1, Backend.keys("pw", SALT, 1));
        assertNull(cache.find(2, SALT, 1));
        assertNull(cache.find(1, new byte[] {2}, 1));
        assertNull(cache.find(1, SALT, 2));
    }

    @Test
    void forgetsOlderSecrets() {
        cache.keep(1, SALT, 1, Backend.keys("old", SALT, 1));
        cache.keep(2, SALT, 1, Backend.keys("new", SALT, 1));
        assertNull(cache.find(1, SALT, 1));
        cache.keep(1, SALT, 1, Backend.keys("old", SALT, 1));
        assertNull(cache.find(1, SALT, 1));
        assertNotNull(cache.find(2, SALT, 1));
    }

    @Test
    void isBounded() {
        for (int i = 0; i <= ScramKeyCache.MAX_ENTRIES; i++) {
            cache.keep(1, new byte[] {(byte) i}, 1, Backend.keys("pw", SALT, 1));
        }
        assertNull(cache.find(1, new byte[] {0}, 1));
        assertNotNull(cache.find(1, new byte[] {1}, 1));
    }
}
