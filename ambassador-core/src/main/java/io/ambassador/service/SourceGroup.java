package io.ambassador.service;

import java.util.List;

/** Sources whose endpoints are used together, those of each with its share; most often there is one. */
public record SourceGroup(List<SourceSpec> sources) {
    public SourceGroup {
        sources = List.copyOf(sources);
        if (sources.isEmpty()) {
            throw new IllegalArgumentException("merge: is empty (expected a source)");
        }
        if (sources.stream().allMatch(source -> source.weight() == 0)) {
            throw new IllegalArgumentException("merge: every weight is 0 (expected one above 0)");
        }
    }

    public static SourceGroup of(SourceSpec source) {
        return new SourceGroup(List.of(source));
    }
}
