package io.ambassador.discovery.mdns;

import io.ambassador.discovery.dns.Family;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Settings of source {@code mdns}.
 *
 * @param service such as {@code _redis._tcp}
 * @param instance the only one that counts; {@code null} for all
 * @param interfaces names of network interfaces; empty for all that can be used, but the loopback
 * @param family which addresses count
 * @param maxTtl the longest that an answer is believed without being repeated
 */
public record MdnsConfig(
        String service, @Nullable String instance, List<String> interfaces, Family family, Duration maxTtl) {
    public MdnsConfig {
        interfaces = List.copyOf(interfaces);
    }

    /** As in a short form. */
    String name() {
        return "mdns://" + service + (interfaces.isEmpty() ? "" : "?interface=" + String.join(",", interfaces));
    }
}
