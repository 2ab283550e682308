package io.ambassador.discovery.dns;

import io.ambassador.discovery.support.EndpointEntry;

/**
 * Settings of source {@code dns}.
 *
 * @param entry the host name and port to follow
 */
public record DnsConfig(EndpointEntry entry, DnsOptions options) {}
