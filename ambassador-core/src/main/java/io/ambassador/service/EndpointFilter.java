package io.ambassador.service;

import io.ambassador.spi.discovery.Endpoint;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which of a source's endpoints count; the others are as good as not named.
 *
 * @param tags an endpoint must have all of these
 * @param withoutTags and none of these
 * @param metadata and each of these, with this very value
 */
public record EndpointFilter(Set<String> tags, Set<String> withoutTags, Map<String, String> metadata) {
    /** Every endpoint counts. */
    public static final EndpointFilter ALL = new EndpointFilter(Set.of(), Set.of(), Map.of());

    public EndpointFilter {
        tags = Set.copyOf(tags);
        withoutTags = Set.copyOf(withoutTags);
        metadata = Map.copyOf(metadata);
    }

    public boolean isAll() {
        return tags.isEmpty() && withoutTags.isEmpty() && metadata.isEmpty();
    }

    public boolean admits(Endpoint endpoint) {
        return endpoint.tags().containsAll(tags)
                && withoutTags.stream().noneMatch(endpoint.tags()::contains)
                && endpoint.metadata().entrySet().containsAll(metadata.entrySet());
    }

    /** In the order given. */
    Set<Endpoint> of(Set<Endpoint> endpoints) {
        if (isAll()) {
            return endpoints;
        }
        Set<Endpoint> admitted = new LinkedHashSet<>(endpoints);
        admitted.removeIf(endpoint -> !admits(endpoint));
        return admitted;
    }

    /** The same in each process, as what is kept on disk is found by it. */
    @Override
    public String toString() {
        return "tags " + new TreeSet<>(tags) + ", without tags " + new TreeSet<>(withoutTags) + ", metadata "
                + new TreeMap<>(metadata);
    }
}
