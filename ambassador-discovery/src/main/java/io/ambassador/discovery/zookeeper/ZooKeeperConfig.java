package io.ambassador.discovery.zookeeper;

import java.util.stream.Collectors;

/**
 * Settings of source {@code zookeeper}.
 *
 * @param path whose children are the endpoints, from the root on; without a slash at its end
 */
public record ZooKeeperConfig(EnsembleConfig ensemble, String path) {
    /** As in a short form. */
    String name() {
        boolean tls = ensemble.servers().stream().anyMatch(server -> server.tls() != null);
        return ensemble.servers().stream()
                .map(Object::toString)
                .collect(Collectors.joining(",", tls ? "zookeepers://" : "zookeeper://", path));
    }

    @Override
    public String toString() {
        return name();
    }
}
