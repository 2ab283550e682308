package io.ambassador.discovery.file;

import io.ambassador.discovery.dns.DnsOptions;
import java.nio.file.Path;

/**
 * Settings of source {@code file}.
 *
 * @param options how host names in the file are looked up
 */
public record FileConfig(Path path, DnsOptions options) {}
