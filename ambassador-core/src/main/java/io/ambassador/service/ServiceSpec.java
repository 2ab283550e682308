package io.ambassador.service;

import io.ambassador.spi.Configured;
import io.ambassador.spi.balancing.BalancingPolicyProvider;
import io.ambassador.spi.discovery.EndpointSourceProvider;
import io.ambassador.spi.protocol.ProtocolProvider;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything that is wanted of one service; equal specs need no change on reload.
 *
 * @param listen empty for a service that is reached through a shared listener
 * @param discovery the first source that has endpoints wins
 * @param credentials {@code null} to relay without logging in
 * @param tls {@code null} for plain text to the endpoints
 */
public record ServiceSpec(
        String name,
        List<ListenAddress> listen,
        Configured<ProtocolProvider<?>> protocol,
        List<Configured<EndpointSourceProvider<?>>> discovery,
        Role role,
        Configured<BalancingPolicyProvider<?>> balancing,
        @Nullable Credentials credentials,
        @Nullable TlsSpec tls,
        HealthSpec health,
        OnChangeSpec onChange,
        LimitsSpec limits,
        AllowSpec allow,
        ProxyProtocolSpec proxyProtocol,
        RelayMode relay) {
    public ServiceSpec {
        listen = List.copyOf(listen);
        discovery = List.copyOf(discovery);
        if (!name.matches("[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")) {
            throw new IllegalArgumentException(
                    "service name: \"" + name + "\" (expected: up to 63 letters, digits, - _ .)");
        }
        if (discovery.isEmpty()) {
            throw new IllegalArgumentException("services." + name + ".discovery: is missing (expected a source)");
        }
        if (credentials != null && !protocol.provider().injectsCredentials()) {
            throw new IllegalArgumentException("services." + name + ".credentials: protocol " + protocol.type()
                    + " cannot log in. Choose a protocol that can, or remove the credentials");
        }
        if (credentials != null && allow.sources().isEmpty() && !listen.stream().allMatch(ListenAddress::isLocal)) {
            throw new IllegalArgumentException("services." + name
                    + ".listen: whoever reaches this address would be logged in. Listen on loopback or a unix socket,"
                    + " or name the clients in allow.sources");
        }
    }
}
