package io.ambassador;

import io.ambassador.service.ServiceSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What lies between the services that run and those that are wanted. Holds no secret.
 *
 * @param generation that it starts from
 * @param services in the order of their names, without those that stay as they are
 * @param listeners without those that stay with their service
 */
public record ChangePlan(long generation, List<ServiceChange> services, List<ListenerChange> listeners) {
    /** What becomes of a service or listener. */
    public enum Kind {
        ADDED,
        REMOVED,
        /** Of a service: is described otherwise. Of a listener: leads to another service. */
        CHANGED
    }

    /** @param differences empty unless it is changed */
    public record ServiceChange(String service, Kind kind, List<Difference> differences) {
        public ServiceChange {
            differences = List.copyOf(differences);
        }

        @Override
        public String toString() {
            String keys = differences.stream().map(Difference::key).collect(Collectors.joining(", ", " (", ")"));
            return service + " " + word(kind) + (differences.isEmpty() ? "" : keys);
        }
    }

    /**
     * One key.
     *
     * @param key below the service
     * @param from as it is now; empty if there is nothing, or nothing that may be shown
     * @param to as it will be
     * @param effect what it means for connections
     */
    public record Difference(String key, String from, String to, String effect) {}

    /** @param service that it leads to, or led to until it is removed */
    public record ListenerChange(String address, String service, Kind kind) {
        @Override
        public String toString() {
            return address + " " + word(kind);
        }
    }

    public ChangePlan {
        services = List.copyOf(services);
        listeners = List.copyOf(listeners);
    }

    static ChangePlan between(long generation, List<ServiceSpec> now, List<ServiceSpec> wanted) {
        Map<String, ServiceSpec> before = byName(now);
        Map<String, ServiceSpec> after = byName(wanted);
        List<ServiceChange> services = new ArrayList<>();
        for (ServiceSpec spec : wanted) {
            ServiceSpec old = before.get(spec.name());
            if (old == null) {
                services.add(new ServiceChange(spec.name(), Kind.ADDED, List.of()));
            } else if (!old.equals(spec)) {
                services.add(new ServiceChange(spec.name(), Kind.CHANGED, SpecDifferences.between(old, spec)));
            }
        }
        for (ServiceSpec spec : now) {
            if (!after.containsKey(spec.name())) {
                services.add(new ServiceChange(spec.name(), Kind.REMOVED, List.of()));
            }
        }
        return new ChangePlan(generation, services, listeners(now, wanted));
    }

    private static List<ListenerChange> listeners(List<ServiceSpec> now, List<ServiceSpec> wanted) {
        Map<Listeners.Place, String> before = places(now);
        Map<Listeners.Place, String> after = places(wanted);
        List<ListenerChange> listeners = new ArrayList<>();
        after.forEach((place, service) -> {
            String old = before.get(place);
            if (!service.equals(old)) {
                Kind kind = old == null ? Kind.ADDED : Kind.CHANGED;
                listeners.add(new ListenerChange(place.address().toString(), service, kind));
            }
        });
        before.forEach((place, service) -> {
            if (!after.containsKey(place)) {
                listeners.add(new ListenerChange(place.address().toString(), service, Kind.REMOVED));
            }
        });
        return listeners;
    }

    private static Map<Listeners.Place, String> places(List<ServiceSpec> specs) {
        Map<Listeners.Place, String> places = new LinkedHashMap<>();
        specs.forEach(spec -> Listeners.places(spec).forEach(place -> places.put(place, spec.name())));
        return places;
    }

    private static Map<String, ServiceSpec> byName(List<ServiceSpec> specs) {
        Map<String, ServiceSpec> byName = new LinkedHashMap<>();
        specs.forEach(spec -> byName.put(spec.name(), spec));
        return byName;
    }

    /** Whether everything stays as it is. */
    public boolean isEmpty() {
        return services.isEmpty();
    }

    private static String word(Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    /** One line, for the log. */
    @Override
    public String toString() {
        List<String> parts = new ArrayList<>();
        services.forEach(change -> parts.add("service " + change));
        listeners.forEach(change -> parts.add("listener " + change));
        return parts.isEmpty() ? "nothing changes" : String.join("; ", parts);
    }
}
