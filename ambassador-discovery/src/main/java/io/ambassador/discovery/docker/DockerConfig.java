package io.ambassador.discovery.docker;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.support.net.ServerAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Settings of source {@code docker}.
 *
 * @param container a name; {@code null} for any
 * @param labels each {@code name} or {@code name=value}; a container has to have all of them
 * @param port inside the container; 0 for the only one that it exposes
 * @param address which of its addresses counts
 * @param network whose address counts; {@code null} for the only one that it is in
 * @param health which containers count among those that check their health; one that does not always counts
 * @param options how the engine's host name is looked up
 */
public record DockerConfig(
        ServerAddress engine,
        @Nullable String container,
        List<String> labels,
        int port,
        Address address,
        @Nullable String network,
        Health health,
        DnsOptions options) {
    /** Where a container is reached. */
    public enum Address {
        /** At its published port, if there is one, else in its network. */
        AUTO,
        /** At a port of the engine's machine. */
        PUBLISHED,
        /** At its own address in a network. */
        NETWORK
    }

    /** What a container's health check has to say. */
    public enum Health {
        HEALTHY,
        ANY
    }

    public DockerConfig {
        labels = List.copyOf(labels);
    }

    /** As in a short form. */
    String name() {
        return "docker://" + (container == null ? "" : container)
                + (port == 0 ? "" : ":" + port)
                + (labels.isEmpty() ? "" : "?label=" + String.join(",", labels)) + " at " + engine;
    }
}
