package io.ambassador.discovery.consul;

import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.Json;
import io.ambassador.discovery.support.RegistryValue;
import io.ambassador.discovery.support.http.HttpAnswer;
import io.ambassador.discovery.support.registry.LeftOut;
import io.ambassador.discovery.support.registry.Told;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * Reads {@code /v1/kv/…?recurse}: the values of a folder's own keys or, if there are none, the value of the key itself.
 * The question is about a prefix, so that keys which only begin like it are passed over here.
 */
final class KvReader {
    private final ConsulKvConfig config;
    private final LeftOut leftOut;

    KvReader(ConsulKvConfig config) {
        this.config = config;
        this.leftOut = new LeftOut(config.name());
    }

    Told read(HttpAnswer answer) {
        List<EndpointEntry> children = new ArrayList<>();
        List<EndpointEntry> own = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        boolean[] exists = new boolean[1];
        if (answer.isSuccess()) {
            Json.forEach(answer.stream(), pair -> {
                String key = pair.text("Key");
                boolean child = isChild(key);
                if (!child && !key.equals(config.path())) {
                    exists[0] |= key.startsWith(config.path() + "/");
                    return;
                }
                exists[0] = true;
                try {
                    List<EndpointEntry> found =
                            RegistryValue.parse(Base64.getDecoder().decode(pair.text("Value")));
                    (child ? children : own).addAll(found);
                } catch (IllegalArgumentException e) {
                    problems.add("key " + key + ": " + e.getMessage());
                }
            });
        }
        if (!exists[0]) {
            return new Told.Absent("Consul has no key " + config.path());
        }
        List<EndpointEntry> entries = children.isEmpty() ? own : children;
        leftOut.report(problems);
        if (entries.isEmpty() && !problems.isEmpty()) {
            throw new IllegalArgumentException("names no endpoint that can be used: " + problems.get(0));
        }
        return new Told.Entries(entries);
    }

    /** {@code redis/1} of {@code redis}, but neither {@code redis/}, {@code redis/old/1} nor {@code redis-2}. */
    private boolean isChild(String key) {
        int start = config.path().length() + 1;
        return key.length() > start && key.startsWith(config.path() + "/") && key.indexOf('/', start) < 0;
    }
}
