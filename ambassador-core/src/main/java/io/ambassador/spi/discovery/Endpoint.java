package io.ambassador.spi.discovery;

import io.ambassador.spi.PeerText;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One address of a service. Sources give literal addresses, never names, so that the data plane looks nothing up.
 *
 * @param host an IPv4 or IPv6 address without brackets
 * @param port 1–65535
 * @param weight share of new connections relative to its siblings; 0 means drain
 * @param priority lower is preferred; a higher one is used only while no lower one is available (RFC 2782)
 * @param zone where it stands, as its registry names that (a zone, a datacentre, a rack); empty if nobody said
 * @param tags words that its registry gave it; a service may ask for some of them
 * @param metadata what else the source knows, such as a name; a service may ask for some of it
 */
public record Endpoint(
        String host, int port, int weight, int priority, String zone, Set<String> tags, Map<String, String> metadata) {
    public static final int MAX_WEIGHT = 1_000_000;

    /** In the metadata: what the source says that the server is, {@code primary} or {@code replica}. */
    public static final String ROLE = "role";

    public Endpoint {
        if (host.isEmpty() || host.startsWith("[") || !PeerText.escape(host).equals(host)) {
            throw new IllegalArgumentException(
                    "host: \"" + PeerText.escape(host) + "\" (expected: an address without brackets)");
        }
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("port: " + port + " (expected: 1-65535)");
        }
        if (weight < 0 || weight > MAX_WEIGHT) {
            throw new IllegalArgumentException("weight: " + weight + " (expected: 0-" + MAX_WEIGHT + ")");
        }
        if (priority < 0) {
            throw new IllegalArgumentException("priority: " + priority + " (expected: 0 or more)");
        }
        tags = Set.copyOf(tags);
        metadata = Map.copyOf(metadata);
    }

    /** In no zone, without tags. */
    public Endpoint(String host, int port, int weight, int priority, Map<String, String> metadata) {
        this(host, port, weight, priority, "", Set.of(), metadata);
    }

    /** With weight 1, priority 0, and nothing else known of it. */
    public static Endpoint of(String host, int port) {
        return new Endpoint(host, port, 1, 0, Map.of());
    }

    public Endpoint withWeight(int other) {
        return new Endpoint(host, port, other, priority, zone, tags, metadata);
    }

    /** {@code host:port}, with brackets round IPv6: what identifies an endpoint within its service. */
    public String address() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }

    /** This and the next by plain code: a record's own spins classes when it is first called, which each start does. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Endpoint endpoint
                && port == endpoint.port
                && weight == endpoint.weight
                && priority == endpoint.priority
                && host.equals(endpoint.host)
                && zone.equals(endpoint.zone)
                && tags.equals(endpoint.tags)
                && metadata.equals(endpoint.metadata);
    }

    @Override
    public int hashCode() {
        return 31 * host.hashCode() + port; // the rest rarely differs between endpoints of one address
    }

    @Override
    public String toString() {
        return address()
                + (weight == 1 ? "" : " weight " + weight)
                + (priority == 0 ? "" : " priority " + priority)
                + (zone.isEmpty() ? "" : " zone " + zone)
                + (tags.isEmpty() ? "" : " tags " + new TreeSet<>(tags))
                + (metadata.isEmpty() ? "" : " " + PeerText.escape(metadata.toString()));
    }
}
