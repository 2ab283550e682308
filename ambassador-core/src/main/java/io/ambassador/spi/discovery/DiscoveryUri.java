package io.ambassador.spi.discovery;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The short form of a source, {@code scheme://authority/path?key=value}. Looser than RFC 3986, since an authority may
 * be a list of hosts or a DNS name with underscores.
 *
 * @param scheme the source's word
 * @param authority what stands between {@code //} and the next {@code /} or {@code ?}, as written
 * @param path from the {@code /} on, percent-decoded; empty if there is none
 * @param query parameters, percent-decoded, in order
 */
public record DiscoveryUri(String scheme, String authority, String path, Map<String, String> query) {
    public DiscoveryUri {
        query = Collections.unmodifiableMap(new LinkedHashMap<>(query));
    }

    /** @throws IllegalArgumentException if {@code text} has no scheme, or gives a parameter twice */
    public static DiscoveryUri parse(String text) {
        int colon = text.indexOf("://");
        if (colon < 1) {
            throw new IllegalArgumentException("\"" + text + "\" (expected: scheme://…)");
        }
        String rest = text.substring(colon + 3);
        Map<String, String> query = new LinkedHashMap<>();
        int question = rest.indexOf('?');
        if (question >= 0) {
            for (String pair : rest.substring(question + 1).split("&")) {
                int equals = pair.indexOf('=');
                if (pair.isEmpty()) {
                    continue;
                }
                String key = decode(equals < 0 ? pair : pair.substring(0, equals));
                if (query.put(key, equals < 0 ? "" : decode(pair.substring(equals + 1))) != null) {
                    throw new IllegalArgumentException("parameter " + key + ": given twice (expected: once)");
                }
            }
            rest = rest.substring(0, question);
        }
        int slash = rest.indexOf('/');
        String authority = slash < 0 ? rest : rest.substring(0, slash);
        String path = slash < 0 ? "" : decode(rest.substring(slash));
        return new DiscoveryUri(text.substring(0, colon), authority, path, query);
    }

    private static String decode(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }
}
