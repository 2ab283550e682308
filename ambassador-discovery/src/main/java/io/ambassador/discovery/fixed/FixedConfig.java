package io.ambassador.discovery.fixed;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.support.EndpointEntry;
import java.util.List;

/**
 * Settings of source {@code static}.
 *
 * @param options how host names among the entries are looked up
 */
public record FixedConfig(List<EndpointEntry> entries, DnsOptions options) {
    public FixedConfig {
        entries = List.copyOf(entries);
    }
}
