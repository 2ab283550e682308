package io.ambassador.launcher.config;

import io.ambassador.discovery.fixed.FixedConfig;
import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.explain.AccessLog;
import io.ambassador.service.AllowSpec;
import io.ambassador.service.Catalog;
import io.ambassador.service.Cidr;
import io.ambassador.service.ClientCredentials;
import io.ambassador.service.ClientTlsSpec;
import io.ambassador.service.Credentials;
import io.ambassador.service.FlapDampingSpec;
import io.ambassador.service.HealthSpec;
import io.ambassador.service.LimitsSpec;
import io.ambassador.service.ListenAddress;
import io.ambassador.service.LocalitySpec;
import io.ambassador.service.OnChangeSpec;
import io.ambassador.service.ProxyProtocolSpec;
import io.ambassador.service.RelayMode;
import io.ambassador.service.Role;
import io.ambassador.service.ServiceSpec;
import io.ambassador.service.SourceGroup;
import io.ambassador.service.SourceSpec;
import io.ambassador.service.TlsSpec;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Provider;
import io.ambassador.spi.Providers;
import io.ambassador.spi.Settings;
import io.ambassador.spi.balancing.BalancingPolicyProvider;
import io.ambassador.spi.protocol.ProtocolProvider;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads one block of {@code services}. */
final class ServiceReader {
    private final String name;
    private final Settings settings;
    private final Catalog catalog;

    ServiceReader(String name, Settings settings, Catalog catalog) {
        this.name = name;
        this.settings = settings;
        this.catalog = catalog;
    }

    /** {@code null} if anything is wrong, which the settings then know. */
    @Nullable ServiceSpec read() {
        int before = settings.problems().size();
        List<ListenAddress> listen = listen();
        Configured<ProtocolProvider<?>> protocol = protocol();
        List<SourceGroup> discovery = new DiscoveryReader(settings, catalog).read();
        Role role = settings.word("role", Role.usual(discovery));
        Configured<BalancingPolicyProvider<?>> balancing = balancing();
        CredentialsReader credentialsReader = new CredentialsReader(settings, catalog);
        Credentials credentials = credentialsReader.read();
        ClientCredentials clientCredentials = credentialsReader.readClients();
        TlsSpec tls = tls();
        ClientTlsSpec clientTls = clientTls();
        HealthSpec health = new HealthReader(settings.block("health"), catalog).read(protocol);
        LocalitySpec locality = SelectionReader.locality(settings.block("locality"));
        FlapDampingSpec flapDamping = SelectionReader.flapDamping(settings);
        OnChangeSpec onChange = onChange(settings.block("on-change"));
        LimitsSpec limits = LimitsReader.read(settings.block("limits"));
        AllowSpec allow = allow(settings.block("allow"));
        ProxyProtocolSpec proxyProtocol = proxyProtocol(settings.block("proxy-protocol"));
        RelayMode relay = settings.word("relay", RelayMode.AUTO);
        Duration startupDeadline = settings.durationOrOff("startup-deadline", ServiceSpec.STARTUP_DEADLINE);
        AccessLog accessLog = settings.word("access-log", AccessLog.ON);
        if (credentials != null && tls == null && !credentials.insecure()) {
            refuseSecretsInTheClear(discovery);
        }
        if (settings.problems().size() > before || protocol == null || balancing == null) {
            return null;
        }
        try {
            return new ServiceSpec(
                    name,
                    listen,
                    protocol,
                    discovery,
                    role,
                    balancing,
                    credentials,
                    clientCredentials,
                    tls,
                    clientTls,
                    health,
                    locality,
                    flapDamping,
                    onChange,
                    limits,
                    allow,
                    proxyProtocol,
                    relay,
                    accessLog,
                    startupDeadline);
        } catch (IllegalArgumentException e) {
            refused(String.valueOf(e.getMessage()));
            return null;
        }
    }

    /** A spec's refusal begins with the key, whose origin only the settings know. */
    private void refused(String message) {
        String prefix = "services." + name + ".";
        int colon = message.indexOf(": ");
        if (message.startsWith(prefix) && colon > 0) {
            String key = message.substring(prefix.length(), colon);
            String block = key.substring(0, Math.max(0, key.indexOf('.')));
            boolean inside = !block.isEmpty() && settings.get(block) instanceof Settings.Source;
            Settings at = inside ? settings.block(block) : settings;
            at.problem(inside ? key.substring(block.length() + 1) : key, message.substring(colon + 2));
        } else {
            settings.problem("", message);
        }
    }

    private List<ListenAddress> listen() {
        if (isAbsent("listen")) {
            settings.problem("listen", "is missing (expected an address such as 127.0.0.1:6379)");
        }
        return settings.list("listen", "an address such as 6379, 127.0.0.1:6379 or unix:/path", ListenAddress::parse);
    }

    private boolean isAbsent(String key) {
        Object value = settings.get(key);
        return value == null || (value instanceof List<?> list && list.isEmpty());
    }

    private @Nullable Configured<ProtocolProvider<?>> protocol() {
        String word = settings.string("protocol", "tcp");
        for (String other : catalog.protocols().types()) {
            if (!other.equals(word) && settings.keys().contains(other) && settings.has(other)) {
                settings.problem(
                        other, "belongs to protocol " + other + ", and this service's is " + word + ". Remove one");
            }
        }
        for (String later : Reference.LATER_PROTOCOLS) {
            if (catalog.protocols().find(later) == null && settings.keys().contains(later)) {
                settings.refuseUnsupported(later);
            }
        }
        ProtocolProvider<?> provider = find("protocol", word, catalog.protocols(), Reference.LATER_PROTOCOLS);
        return provider == null ? null : Configured.parse(provider, settings.block(word));
    }

    private @Nullable Configured<BalancingPolicyProvider<?>> balancing() {
        if (settings.get("balancing") instanceof Settings.Source) {
            Settings block = settings.block("balancing");
            String word = block.string("type");
            BalancingPolicyProvider<?> provider =
                    word.isEmpty() ? null : find(block, "type", word, catalog.policies(), Set.of());
            return provider == null ? null : Configured.parse(provider, block);
        }
        String word = settings.string("balancing", "round-robin");
        BalancingPolicyProvider<?> provider = find("balancing", word, catalog.policies(), Set.of());
        return provider == null ? null : Configured.parse(provider, settings.derived("balancing", Map.of()));
    }

    private @Nullable TlsSpec tls() {
        boolean present = settings.has("tls");
        Settings block = settings.block("tls");
        boolean enabled = block.bool("enabled", present);
        String serverName = block.optionalString("server-name");
        Path ca = block.optionalPath("ca");
        Path certificate = block.optionalPath("certificate");
        Path key = block.optionalPath("key");
        if (!enabled) {
            return null;
        }
        if (serverName == null || serverName.isBlank()) {
            block.problem(
                    "server-name", "is missing (expected the name that the endpoints' certificates are issued for)");
            return null;
        }
        if ((certificate == null) != (key == null)) {
            block.problem(certificate == null ? "key" : "certificate", "needs certificate and key, both");
            return null;
        }
        return new TlsSpec(serverName, ca, certificate, key);
    }

    private @Nullable ClientTlsSpec clientTls() {
        boolean present = settings.has("client-tls");
        Settings block = settings.block("client-tls");
        Path certificate = block.optionalPath("certificate");
        Path key = block.optionalPath("key");
        Path clientCa = block.optionalPath("client-ca");
        ClientTlsSpec.Mode mode = block.word("mode", ClientTlsSpec.Mode.REQUIRE);
        if (!present) {
            return null;
        }
        if (certificate == null || key == null) {
            block.problem(certificate == null ? "certificate" : "key", "is missing (expected a path to a PEM file)");
            return null;
        }
        try {
            return new ClientTlsSpec(certificate, key, clientCa, mode);
        } catch (IllegalArgumentException e) {
            block.problem("client-ca", String.valueOf(e.getMessage()).replaceFirst("^[^:]*: ", ""));
            return null;
        }
    }

    /** Where the addresses are known beforehand: the same refusal that clients would meet, one by one. */
    private void refuseSecretsInTheClear(List<SourceGroup> discovery) {
        List<SourceSpec> sources =
                discovery.stream().flatMap(group -> group.sources().stream()).toList();
        for (SourceSpec source : sources) {
            if (source.source().config() instanceof FixedConfig fixed) {
                for (EndpointEntry entry : fixed.entries()) {
                    InetAddress literal = NetUtil.createInetAddressFromIpAddressString(entry.host());
                    if (literal != null && !literal.isLoopbackAddress()) {
                        settings.problem(
                                "credentials",
                                "would cross the network to " + entry.host()
                                        + " in the clear. Add tls, or set credentials.insecure = true");
                        return;
                    }
                }
            }
        }
    }

    private static OnChangeSpec onChange(Settings block) {
        OnChangeSpec usual = OnChangeSpec.DEFAULT;
        return new OnChangeSpec(
                block.word("removed", usual.removed()),
                block.word("demoted", usual.demoted()),
                block.word("unhealthy", usual.unhealthy()),
                block.duration("drain-timeout", usual.drainTimeout()));
    }

    private static AllowSpec allow(Settings block) {
        return new AllowSpec(
                block.list("sources", "an address block such as 10.0.0.0/8", Cidr::parse),
                Set.copyOf(block.list("uids", "a user's number", Long::parseUnsignedLong)),
                block.list("endpoints", "an address block such as 10.0.0.0/8", Cidr::parse));
    }

    private static ProxyProtocolSpec proxyProtocol(Settings block) {
        return new ProxyProtocolSpec(
                block.list("accept-from", "an address block such as 10.0.0.0/8", Cidr::parse),
                block.word("send", ProxyProtocolSpec.Send.OFF));
    }

    private <P extends Provider<?>> @Nullable P find(
            String key, String word, Providers<P> providers, Set<String> later) {
        return find(settings, key, word, providers, later);
    }

    static <P extends Provider<?>> @Nullable P find(
            Settings at, String key, String word, Providers<P> providers, Set<String> later) {
        P provider = providers.find(word);
        if (provider == null) {
            at.problem(
                    key,
                    "\"" + word + "\" "
                            + (later.contains(word)
                                    ? "is not supported by this version (known: " + String.join(", ", providers.types())
                                            + "). Choose another"
                                    : providers.unknown(word)));
        }
        return provider;
    }
}
