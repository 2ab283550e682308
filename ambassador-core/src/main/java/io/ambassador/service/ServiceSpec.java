package io.ambassador.service;

import io.ambassador.explain.AccessLog;
import io.ambassador.spi.Configured;
import io.ambassador.spi.balancing.BalancingPolicyProvider;
import io.ambassador.spi.protocol.Protocol;
import io.ambassador.spi.protocol.ProtocolProvider;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything that is wanted of one service; equal specs need no change on reload.
 *
 * @param listen empty for a service that is reached through a shared listener
 * @param discovery the first group that has endpoints wins
 * @param credentials {@code null} to relay without logging in
 * @param clientCredentials only for a service with credentials
 * @param tls {@code null} for plain text to the endpoints
 * @param clientTls {@code null} for plain text to the clients
 * @param locality {@code null} to prefer no zone
 * @param flapDamping {@code null} to never hold out an endpoint that comes and goes
 * @param startupDeadline after which it counts as ready without endpoints; {@code null} for never
 */
public record ServiceSpec(
        String name,
        List<ListenAddress> listen,
        Configured<ProtocolProvider<?>> protocol,
        List<SourceGroup> discovery,
        Role role,
        Configured<BalancingPolicyProvider<?>> balancing,
        @Nullable Credentials credentials,
        ClientCredentials clientCredentials,
        @Nullable TlsSpec tls,
        @Nullable ClientTlsSpec clientTls,
        HealthSpec health,
        @Nullable LocalitySpec locality,
        @Nullable FlapDampingSpec flapDamping,
        OnChangeSpec onChange,
        LimitsSpec limits,
        AllowSpec allow,
        ProxyProtocolSpec proxyProtocol,
        RelayMode relay,
        AccessLog accessLog,
        @Nullable Duration startupDeadline) {
    public static final Duration STARTUP_DEADLINE = Duration.ofSeconds(10);

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
        if (credentials == null && clientCredentials.mode() != ClientCredentials.Mode.ACCEPT_ANY) {
            throw new IllegalArgumentException("services." + name + ".client-credentials: needs credentials:"
                    + " without them, those of each client go through untouched. Remove it, or add credentials");
        }
        if (credentials != null && !listen.stream().allMatch(ListenAddress::isLocal)) {
            if (allow.sources().isEmpty()) {
                throw new IllegalArgumentException("services." + name
                        + ".listen: whoever reaches this address would be logged in. Listen on loopback or a unix"
                        + " socket, or name the clients in allow.sources");
            }
            if (allow.sources().stream().anyMatch(Cidr::isEverybody)) {
                throw new IllegalArgumentException("services." + name
                        + ".allow.sources: whoever reaches the listener would be logged in, since /0 contains every"
                        + " address. Name the clients, or listen on loopback or a unix socket");
            }
        }
        if (credentials != null && tls == null) {
            discovery.stream()
                    .flatMap(group -> group.sources().stream())
                    .map(SourceSpec::source)
                    .filter(source -> source.provider().isOpenToAnyone())
                    .findFirst()
                    .ifPresent(source -> {
                        throw new IllegalArgumentException("services." + name
                                + ".credentials: anybody on the network can announce an endpoint to "
                                + source.type() + ", and would be sent the password. Add tls { server-name = … },"
                                + " or choose another source");
                    });
        }
        if (clientTls != null
                && clientTls.mode() == ClientTlsSpec.Mode.OFFER
                && !create(protocol).negotiatesTls()) {
            throw new IllegalArgumentException("services." + name + ".client-tls.mode: in protocol " + protocol.type()
                    + " clients begin with TLS or never use it. Set it to require");
        }
        if (limits.prewarm() > 0) {
            String why = credentials == null
                    ? "without credentials there is nothing to log in with"
                    : proxyProtocol.send() != ProxyProtocolSpec.Send.OFF
                            ? "proxy-protocol.send names a client, and there is none yet"
                            : balancing.type().equals("consistent-hash")
                                    ? "balancing consistent-hash goes by the client, and there is none yet"
                                    : null;
            if (why != null) {
                throw new IllegalArgumentException("services." + name + ".limits.prewarm: " + why + ". Remove it");
            }
        }
    }

    /** The same with no listener, no probe and no connection made beforehand: it does nothing unless it is told to. */
    public ServiceSpec withoutTraffic() {
        return new ServiceSpec(
                name,
                List.of(),
                protocol,
                discovery,
                Role.ANY,
                balancing,
                credentials,
                clientCredentials,
                tls,
                clientTls,
                health.withProbe(null),
                locality,
                flapDamping,
                onChange,
                limits.withPrewarm(0, limits.prewarmAge()),
                allow,
                proxyProtocol,
                relay,
                accessLog,
                startupDeadline);
    }

    @SuppressWarnings("unchecked") // a provider's own config is the only one it is ever paired with
    private static Protocol create(Configured<ProtocolProvider<?>> configured) {
        return ((ProtocolProvider<Record>) configured.provider()).create(configured.config());
    }
}
