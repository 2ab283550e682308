package io.ambassador.discovery.etcd;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.RegistryValue;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A key with what its value says.
 *
 * @param key its bytes, each as a character
 * @param modified the revision that wrote it last
 * @param entries empty if there is a {@code problem}, or the key was deleted
 * @param problem why the value says nothing; {@code null} if it does
 */
record KeyValue(
        String key,
        long modified,
        boolean deleted,
        List<EndpointEntry> entries,
        @Nullable String problem) {
    static KeyValue deleted(String key, long modified) {
        return new KeyValue(key, modified, true, List.of(), null);
    }

    static KeyValue of(String key, long modified, byte[] value) {
        try {
            byte[] text = value.length == 0 ? lastPart(key) : value; // some registrars write the address into the key
            return new KeyValue(key, modified, false, RegistryValue.parse(text), null);
        } catch (IllegalArgumentException e) {
            return new KeyValue(key, modified, false, List.of(), String.valueOf(e.getMessage()));
        }
    }

    /** The key as people write it. */
    static String display(String key) {
        return new String(key.getBytes(ISO_8859_1), UTF_8);
    }

    private static byte[] lastPart(String key) {
        return key.substring(key.lastIndexOf('/') + 1).getBytes(ISO_8859_1);
    }
}
