package io.ambassador.discovery.kubernetes;

import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.registry.Told;
import io.ambassador.spi.discovery.DiscoveryException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** All EndpointSlices of one service, and what they come to. */
final class Slices {
    private static final String NUMBER = "\\d+";

    private final KubernetesConfig config;
    private final Map<String, Slice> byName = new TreeMap<>();
    private Map<Integer, String> servicePorts = Map.of();
    private boolean serviceExists = true;

    Slices(KubernetesConfig config) {
        this.config = config;
    }

    /** What is known from a new list on. */
    void replace(List<Slice> slices) {
        byName.clear();
        slices.forEach(this::put);
    }

    void put(Slice slice) {
        byName.put(slice.name(), slice);
    }

    void remove(String name) {
        byName.remove(name);
    }

    /** @param ports names of the service's own ports by their number; {@code null} if there is no such service */
    void service(@Nullable Map<Integer, String> ports) {
        serviceExists = ports != null;
        servicePorts = ports == null ? Map.of() : new HashMap<>(ports);
    }

    /**
     * The ready endpoints; or, while there are none, those that shut down but serve until they have.
     *
     * @see <a href="https://kubernetes.io/docs/tutorials/services/pods-and-endpoint-termination-flow/">Termination</a>
     */
    Told told() {
        if (byName.isEmpty() && !serviceExists) {
            return new Told.Absent("Kubernetes has no service " + config.namespace() + "/" + config.service());
        }
        Map<String, EndpointEntry> ready = new LinkedHashMap<>();
        Map<String, EndpointEntry> serving = new LinkedHashMap<>();
        boolean portless = false;
        for (Slice slice : byName.values()) {
            int port = port(slice);
            portless |= port == 0 && !slice.members().isEmpty();
            for (Slice.Member member : slice.members()) {
                if (port > 0 && (member.ready() || member.serving())) {
                    EndpointEntry entry = member.at(port);
                    (member.ready() ? ready : serving).put(entry.host() + " " + port, entry); // once, if in two slices
                }
            }
        }
        List<EndpointEntry> entries = new ArrayList<>((ready.isEmpty() ? serving : ready).values());
        if (entries.isEmpty() && portless) {
            return new Told.Unreachable(new DiscoveryException(config.name() + ": " + noPort()));
        }
        return new Told.Entries(entries);
    }

    private int port(Slice slice) {
        String wanted = config.port();
        if (wanted.isEmpty()) {
            return slice.portCalled(null);
        }
        if (!wanted.matches(NUMBER)) {
            return slice.portCalled(wanted);
        }
        int number = Integer.parseInt(wanted);
        String name = servicePorts.get(number);
        if (name != null) {
            return slice.portCalled(name);
        }
        return slice.hasPort(number) ? number : 0;
    }

    private String noPort() {
        TreeSet<String> known = new TreeSet<>();
        byName.values()
                .forEach(slice -> slice.ports()
                        .forEach(port ->
                                known.add(port.name().isEmpty() ? Integer.toString(port.number()) : port.name())));
        return (config.port().isEmpty() ? "it has not one port, but " + known.size() : "it has no such port")
                + " (known: " + String.join(", ", known) + ")";
    }
}
