package io.ambassador.service;

import io.ambassador.spi.discovery.Endpoint;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Sources that are used together. Each keeps what it knew last, so that one's trouble is none of the others'. Control thread only. */
final class FollowedGroup {
    private final List<FollowedSource> sources;
    private List<Set<Endpoint>> lastKnown = List.of();
    private List<Endpoint> merged = List.of();

    FollowedGroup(List<FollowedSource> sources) {
        this.sources = List.copyOf(sources);
    }

    List<FollowedSource> sources() {
        return sources;
    }

    /** Whether there is anything to go by, if only that there is nothing. */
    boolean isKnown() {
        return sources.stream().anyMatch(source -> source.known() != null);
    }

    /** Whether a source has yet to say anything at all. */
    boolean isAwaited() {
        return sources.stream().anyMatch(source -> source.known() == null && !source.answered());
    }

    boolean hasEndpoints() {
        return sources.stream().map(FollowedSource::known).anyMatch(known -> known != null && !known.isEmpty());
    }

    /** Whether what is said of roles may be old. */
    boolean isStale() {
        return sources.stream()
                .anyMatch(source -> source.stale() && (sources.size() == 1 || tellsRoles(source.known())));
    }

    private static boolean tellsRoles(@Nullable Set<Endpoint> known) {
        return known != null
                && known.stream().anyMatch(endpoint -> endpoint.metadata().containsKey(Endpoint.ROLE));
    }

    /** Why there are no endpoints. */
    String absence() {
        return sources.stream().map(FollowedSource::absence).collect(Collectors.joining("; "));
    }

    /** What is known now; {@code null} if it is too much, of which the sources then tell. */
    @Nullable Collection<Endpoint> endpoints() {
        List<Set<Endpoint>> all = new ArrayList<>();
        for (FollowedSource source : sources) {
            all.add(Objects.requireNonNullElse(source.known(), Set.of()));
        }
        if (sources.size() == 1) {
            return all.get(0);
        }
        if (!areSame(all, lastKnown)) { // most that is told changes nothing here
            merged = Merge.of(all, sources.stream().map(FollowedSource::weight).toList());
            lastKnown = all;
        }
        boolean tooMany = merged.size() > FollowedSource.MOST_ENDPOINTS;
        String why = tooMany
                ? "together with those it is merged with it names " + merged.size() + " endpoints, more than "
                        + FollowedSource.MOST_ENDPOINTS
                : null;
        sources.forEach(source -> source.refuse(why));
        return tooMany ? null : merged;
    }

    @SuppressWarnings("ReferenceEquality") // what is the same need not be compared
    private static boolean areSame(List<Set<Endpoint>> some, List<Set<Endpoint>> others) {
        boolean same = some.size() == others.size();
        for (int i = 0; same && i < some.size(); i++) {
            same = some.get(i) == others.get(i);
        }
        return same;
    }
}
