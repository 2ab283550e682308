package io.ambassador.launcher.config;

import io.ambassador.service.Catalog;
import io.ambassador.service.EndpointFilter;
import io.ambassador.service.SourceGroup;
import io.ambassador.service.SourceSpec;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointSourceProvider;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code discovery} of a service: a source, a merge of some, or a list of both. A source is a URI, a block with
 * {@code type}, or one with {@code uri}; of a block any may have a {@code filter}, in a merge a {@code weight}.
 */
final class DiscoveryReader {
    private static final String KEY = "discovery";
    private static final String MERGE = "merge";

    private final Settings service;
    private final Catalog catalog;

    DiscoveryReader(Settings service, Catalog catalog) {
        this.service = service;
        this.catalog = catalog;
    }

    List<SourceGroup> read() {
        List<Settings.Item> items = service.items(KEY);
        if (service.get(KEY) == null || service.get(KEY) instanceof List<?> list && list.isEmpty()) {
            service.problem(KEY, "is missing (expected a source such as static://10.0.0.5:6379)");
        }
        List<SourceGroup> groups = new ArrayList<>();
        for (int i = 0; i < items.size(); i++) {
            Settings block = items.get(i).block();
            SourceGroup group = block != null && block.has(MERGE) ? merge(block) : single(items.get(i), i);
            if (group != null) {
                groups.add(group);
            }
        }
        return groups;
    }

    private @Nullable SourceGroup single(Settings.Item item, int index) {
        SourceSpec source = source(item, service, KEY, index, false);
        return source == null ? null : SourceGroup.of(source);
    }

    private @Nullable SourceGroup merge(Settings block) {
        List<Settings.Item> items = block.items(MERGE);
        List<SourceSpec> sources = new ArrayList<>();
        for (int i = 0; i < items.size(); i++) {
            SourceSpec source = source(items.get(i), block, MERGE, i, true);
            if (source != null) {
                sources.add(source);
            }
        }
        if (sources.size() < items.size()) {
            return null; // and why has been said
        }
        try {
            return new SourceGroup(sources);
        } catch (IllegalArgumentException e) {
            block.problem(MERGE, String.valueOf(e.getMessage()).replaceFirst("^merge: ", ""));
            return null;
        }
    }

    private @Nullable SourceSpec source(Settings.Item item, Settings at, String key, int index, boolean merged) {
        Settings block = item.block();
        if (block == null) {
            String place = at.get(key) instanceof List<?> ? key + "[" + index + "]" : key;
            Configured<EndpointSourceProvider<?>> source = ofUri(at, place, String.valueOf(item.text()));
            return source == null ? null : SourceSpec.of(source);
        }
        if (merged && block.has(MERGE)) {
            at.problem(key + "[" + index + "]", "a merge stands in no other one. Name its sources in the outer one");
            return null;
        }
        int weight = merged ? block.integer("weight", 1, 0, Endpoint.MAX_WEIGHT) : 1;
        EndpointFilter filter = filter(block.block("filter"));
        Configured<EndpointSourceProvider<?>> source =
                block.has("uri") ? ofUri(block, "uri", block.string("uri")) : ofType(block);
        return source == null ? null : new SourceSpec(source, weight, filter);
    }

    private static EndpointFilter filter(Settings block) {
        Map<String, String> metadata = new HashMap<>();
        Settings wanted = block.block("metadata");
        wanted.keys().forEach(key -> metadata.put(key, wanted.string(key)));
        return new EndpointFilter(
                new HashSet<>(block.strings("tags")), new HashSet<>(block.strings("without-tags")), metadata);
    }

    private @Nullable Configured<EndpointSourceProvider<?>> ofType(Settings block) {
        String word = block.string("type");
        EndpointSourceProvider<?> provider =
                word.isEmpty() ? null : ServiceReader.find(block, "type", word, catalog.sources(), Set.of());
        return provider == null ? null : Configured.parse(provider, block);
    }

    private @Nullable Configured<EndpointSourceProvider<?>> ofUri(Settings at, String key, String text) {
        try {
            DiscoveryUri uri = DiscoveryUri.parse(text);
            EndpointSourceProvider<?> named = catalog.sourceOf(uri.scheme());
            EndpointSourceProvider<?> provider =
                    named != null ? named : ServiceReader.find(at, key, uri.scheme(), catalog.sources(), Set.of());
            return provider == null ? null : Configured.parse(provider, at.derived(key, provider.settingsOf(uri)));
        } catch (IllegalArgumentException e) {
            at.problem(key, String.valueOf(e.getMessage()));
            return null;
        }
    }
}
