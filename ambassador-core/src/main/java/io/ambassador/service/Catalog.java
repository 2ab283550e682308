package io.ambassador.service;

import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Providers;
import io.ambassador.spi.Settings;
import io.ambassador.spi.balancing.BalancingPolicyProvider;
import io.ambassador.spi.discovery.EndpointSourceProvider;
import io.ambassador.spi.protocol.ProbeProvider;
import io.ambassador.spi.protocol.ProtocolProvider;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Every provider that services refer to by a word, loaded once. */
public record Catalog(
        Providers<EndpointSourceProvider<?>> sources,
        Providers<BalancingPolicyProvider<?>> policies,
        Providers<ProtocolProvider<?>> protocols,
        Providers<ProbeProvider<?>> probes,
        Providers<SecretSourceProvider<?>> secrets) {
    /**
     * Finds the providers on the class path.
     *
     * @throws ConfigurationException if two providers of a kind share a word
     */
    public static Catalog load() throws ConfigurationException {
        return new Catalog(
                Providers.load(EndpointSourceProvider.class, "discovery source"),
                Providers.load(BalancingPolicyProvider.class, "balancing policy"),
                Providers.load(ProtocolProvider.class, "protocol"),
                Providers.load(ProbeProvider.class, "health probe"),
                Providers.load(SecretSourceProvider.class, "secret source"));
    }

    /** The source whose short forms have {@code scheme}; {@code null} if there is none. */
    public @Nullable EndpointSourceProvider<?> sourceOf(String scheme) {
        EndpointSourceProvider<?> named = sources.find(scheme);
        if (named != null) {
            return named;
        }
        for (String type : sources.types()) {
            EndpointSourceProvider<?> provider = sources.find(type);
            if (provider != null && provider.schemes().contains(scheme)) {
                return provider;
            }
        }
        return null;
    }

    /** The probe that a protocol's services have unless told otherwise: its own, else a TCP connection. */
    public Configured<ProbeProvider<?>> defaultProbe(String protocol) throws ConfigurationException {
        ProbeProvider<?> own = probes.find(protocol);
        ProbeProvider<?> provider = own == null ? probes.get("tcp") : own;
        return Configured.parse(provider, Settings.of("health." + provider.type(), Map.of()));
    }
}
