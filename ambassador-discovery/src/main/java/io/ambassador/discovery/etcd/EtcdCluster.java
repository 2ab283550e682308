package io.ambassador.discovery.etcd;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.support.net.ServerAddress;
import io.ambassador.spi.Configured;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a cluster is reached; services that say the same share one client.
 *
 * @param members at least one
 * @param username {@code null} where etcd asks for none
 * @param password with {@code username}
 * @param reread how often each path is read again, beside following it
 * @param dns how members' names are looked up
 */
public record EtcdCluster(
        List<ServerAddress> members,
        @Nullable String username,
        @Nullable Configured<SecretSourceProvider<?>> password,
        Duration reread,
        DnsOptions dns) {
    public EtcdCluster {
        members = List.copyOf(members);
    }
}
