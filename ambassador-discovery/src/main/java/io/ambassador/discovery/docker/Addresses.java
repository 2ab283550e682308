package io.ambassador.discovery.docker;

import io.ambassador.discovery.docker.DockerConfig.Address;
import io.ambassador.discovery.support.Json;
import io.ambassador.discovery.support.net.ServerAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Finds where one container is reached. */
final class Addresses {
    record At(String host, int port) {}

    /** A port of the engine's machine that leads to one of the container. */
    private record Published(String ip, int port, int inside) {}

    private static final String HOST_NETWORK = "host";

    private final DockerConfig config;
    private final Set<Integer> exposed = new TreeSet<>();
    private final List<Published> published = new ArrayList<>();
    private final Map<String, String> networks = new TreeMap<>();

    /** @param container as the engine lists it */
    Addresses(DockerConfig config, Json container) {
        this.config = config;
        for (Json port : container.get("Ports").elements()) {
            if (port.text("Type").equals("tcp")) {
                int inside = port.integer("PrivatePort", 0);
                int outside = port.integer("PublicPort", 0);
                exposed.add(inside);
                if (outside > 0) {
                    published.add(new Published(port.text("IP"), outside, inside));
                }
            }
        }
        container.get("NetworkSettings").get("Networks").fields().forEach((name, network) -> {
            String v4 = network.text("IPAddress");
            networks.put(name, v4.isEmpty() ? network.text("GlobalIPv6Address") : v4);
        });
    }

    /** @throws IllegalArgumentException if there is no such place; the message ends a sentence about the container */
    At find() {
        if (config.address() == Address.NETWORK || config.address() == Address.AUTO && !isPublished()) {
            return inNetwork();
        }
        return onMachine();
    }

    private boolean isPublished() {
        return published.stream().anyMatch(port -> config.port() == 0 || port.inside() == config.port());
    }

    private At inNetwork() {
        String name = config.network();
        if (name == null) {
            if (networks.size() != 1) {
                throw new IllegalArgumentException(
                        networks.isEmpty()
                                ? "is in no network"
                                : "is in the networks " + String.join(", ", networks.keySet())
                                        + ". Choose one: network");
            }
            name = networks.keySet().iterator().next();
        }
        String address = networks.get(name);
        if (address == null) {
            throw new IllegalArgumentException("is not in the network " + name);
        }
        if (address.isEmpty() && !name.equals(HOST_NETWORK)) {
            throw new IllegalArgumentException("has no address in the network " + name);
        }
        return new At(address.isEmpty() ? machine(false) : address, port(exposed, "exposes"));
    }

    private At onMachine() {
        Set<Integer> inside = new TreeSet<>();
        published.forEach(port -> inside.add(port.inside()));
        int wanted = port(inside, "publishes");
        Published port = published.stream()
                .filter(each -> each.inside() == wanted)
                .min(Comparator.comparing((Published each) -> each.ip().equals("::"))
                        .thenComparing(Published::port))
                .orElseThrow(() -> new IllegalArgumentException("does not publish its port " + wanted));
        boolean everywhere =
                port.ip().isEmpty() || port.ip().equals("0.0.0.0") || port.ip().equals("::");
        if (!everywhere && isRemote() && port.ip().startsWith("127.")) {
            throw new IllegalArgumentException("publishes its port on " + port.ip() + " of another machine");
        }
        return new At(everywhere ? machine(port.ip().equals("::")) : port.ip(), port.port());
    }

    private int port(Set<Integer> candidates, String does) {
        if (config.port() != 0) {
            return config.port();
        }
        if (candidates.size() != 1) {
            throw new IllegalArgumentException(
                    candidates.isEmpty()
                            ? does + " no TCP port. Say which: port"
                            : does + " the ports " + candidates + ". Choose one: port");
        }
        return candidates.iterator().next();
    }

    private boolean isRemote() {
        return engine().socket() == null && !machine(false).startsWith("127.");
    }

    /** Where the engine's own machine is, as seen from here. */
    private String machine(boolean v6) {
        if (engine().socket() == null) {
            return engine().host().equals("localhost") ? "127.0.0.1" : engine().host();
        }
        return v6 ? "::1" : "127.0.0.1";
    }

    private ServerAddress engine() {
        return config.engine();
    }
}
