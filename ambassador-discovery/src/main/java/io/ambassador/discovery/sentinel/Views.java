package io.ambassador.discovery.sentinel;

import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.registry.Told;
import io.ambassador.spi.discovery.DiscoveryException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Makes one answer of what several sentinels say. The newest epoch counts: whoever is behind was cut off from the
 * others. What a few say against all that was known before, an older epoch or that there is no such name, counts only
 * when it is the majority of all sentinels that says so. Not thread-safe.
 */
final class Views {
    private final String master;
    private final @Nullable View[] answers;
    private final @Nullable DiscoveryException[] failures;
    private long newestEpoch;
    private @Nullable EndpointEntry current;

    Views(String master, int sentinels) {
        this.master = master;
        this.answers = new View[sentinels];
        this.failures = new DiscoveryException[sentinels];
    }

    void answered(int sentinel, View view) {
        answers[sentinel] = view;
        failures[sentinel] = null;
    }

    void failed(int sentinel, DiscoveryException why) {
        answers[sentinel] = null;
        failures[sentinel] = why;
    }

    int answers() {
        return present().size();
    }

    /** Whether each sentinel has said something, or failed to. */
    boolean heardAll() {
        for (int i = 0; i < answers.length; i++) {
            if (answers[i] == null && failures[i] == null) {
                return false;
            }
        }
        return true;
    }

    boolean isMajority(int count) {
        return count > answers.length / 2;
    }

    Told told() {
        List<View> present = present();
        if (present.isEmpty()) {
            return unreachable(problems());
        }
        List<View> knowing =
                present.stream().filter(view -> view.primary() != null).toList();
        if (knowing.isEmpty()) {
            return isMajority(present.size())
                    ? new Told.Absent("Sentinel knows no primary by the name of " + master)
                    : unreachable("only " + present.size() + " of " + answers.length
                            + " sentinels answer, and know no primary by the name of " + master);
        }
        long epoch = knowing.stream().mapToLong(View::epoch).max().orElseThrow();
        if (epoch < newestEpoch && !isMajority(knowing.size())) {
            return unreachable(
                    "only sentinels that are behind answer: they have epoch " + epoch + " instead of " + newestEpoch);
        }
        newestEpoch = epoch;
        return entries(knowing.stream().filter(view -> view.epoch() == epoch).toList());
    }

    private Told.Entries entries(List<View> newest) {
        Map<EndpointEntry, Integer> votes = new HashMap<>();
        newest.forEach(view -> votes.merge(Objects.requireNonNull(view.primary()), 1, Integer::sum));
        EndpointEntry primary = votes.entrySet().stream()
                .max(Comparator.comparingInt((Map.Entry<EndpointEntry, Integer> vote) ->
                        2 * vote.getValue() + (vote.getKey().equals(current) ? 1 : 0)))
                .orElseThrow()
                .getKey();
        current = primary;
        Map<String, EndpointEntry> replicas = new TreeMap<>();
        newest.stream()
                .filter(view -> primary.equals(view.primary()))
                .flatMap(view -> view.replicas().stream())
                .forEach(replica -> replicas.put(replica.host() + " " + replica.port(), replica));
        List<EndpointEntry> all = new ArrayList<>(List.of(primary));
        all.addAll(replicas.values());
        return new Told.Entries(all);
    }

    private List<View> present() {
        List<View> present = new ArrayList<>();
        for (View view : answers) {
            if (view != null) {
                present.add(view);
            }
        }
        return present;
    }

    private String problems() {
        List<String> problems = new ArrayList<>();
        for (DiscoveryException failure : failures) {
            if (failure != null) {
                problems.add(String.valueOf(failure.getMessage()));
            }
        }
        return problems.stream().distinct().collect(Collectors.joining("; "));
    }

    private static Told unreachable(String why) {
        return new Told.Unreachable(new DiscoveryException(why));
    }
}
