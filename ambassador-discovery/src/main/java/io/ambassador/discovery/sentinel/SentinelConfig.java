package io.ambassador.discovery.sentinel;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.support.net.ServerAddress;
import io.ambassador.spi.Configured;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Settings of source {@code sentinel}.
 *
 * @param master the name under which the sentinels monitor the servers
 * @param username {@code null} for the sentinels' default user
 * @param password of the sentinels, not of the servers; {@code null} for none
 * @param options how host names are looked up, of sentinels and of servers
 */
public record SentinelConfig(
        List<ServerAddress> sentinels,
        String master,
        @Nullable String username,
        @Nullable Configured<SecretSourceProvider<?>> password,
        DnsOptions options) {
    public SentinelConfig {
        sentinels = List.copyOf(sentinels);
    }

    /** As in a short form. */
    String name() {
        boolean tls = !sentinels.isEmpty() && sentinels.get(0).tls() != null;
        return (tls ? "sentinels" : "sentinel") + "://"
                + sentinels.stream().map(ServerAddress::toString).collect(Collectors.joining(",")) + "/" + master;
    }
}
