package io.ambassador.discovery.dns;

/**
 * Settings of source {@code srv}.
 *
 * @param name of the SRV records, as {@code _redis._tcp.example.com}
 */
public record SrvConfig(String name, DnsOptions options) {}
