package io.ambassador.discovery.links;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.support.EndpointEntry;
import java.util.List;

/**
 * Settings of source {@code links}, and what the environment says of them.
 *
 * @param alias as variables have it
 * @param port inside the containers; 0 for the only one that is linked
 * @param entries empty if there is no such link
 * @param linked what there is, for a message: {@code REDIS:6379}
 * @param options how host names are looked up
 */
public record LinksConfig(
        String alias, int port, List<EndpointEntry> entries, List<String> linked, DnsOptions options) {
    public LinksConfig {
        entries = List.copyOf(entries);
        linked = List.copyOf(linked);
    }

    /** As in a short form. */
    String name() {
        return "links://" + alias + (port == 0 ? "" : ":" + port);
    }

    String absence() {
        return "the environment has no " + alias + "_PORT_" + (port == 0 ? "<n>" : port) + "_TCP ("
                + (linked.isEmpty() ? "nothing is linked" : "linked: " + String.join(", ", linked)) + ")";
    }
}
