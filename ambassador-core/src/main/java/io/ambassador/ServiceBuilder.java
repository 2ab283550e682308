package io.ambassador;

import io.ambassador.explain.AccessLog;
import io.ambassador.service.AllowSpec;
import io.ambassador.service.Catalog;
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
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Provider;
import io.ambassador.spi.Providers;
import io.ambassador.spi.Settings;
import io.ambassador.spi.balancing.BalancingPolicyProvider;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointSourceProvider;
import io.ambassador.spi.protocol.ProtocolProvider;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Describes one service; every setting but {@link #discover} has a default. Not thread-safe. */
public final class ServiceBuilder {
    private final String name;
    private final Catalog catalog;
    private final List<ListenAddress> listen = new ArrayList<>();
    private final List<SourceGroup> discovery = new ArrayList<>();
    private Configured<ProtocolProvider<?>> protocol;
    private Configured<BalancingPolicyProvider<?>> balancing;
    private @Nullable Role role;
    private @Nullable Credentials credentials;
    private ClientCredentials clientCredentials = ClientCredentials.ACCEPT_ANY;
    private @Nullable TlsSpec tls;
    private @Nullable ClientTlsSpec clientTls;
    private @Nullable HealthSpec health;
    private @Nullable LocalitySpec locality;
    private @Nullable FlapDampingSpec flapDamping = FlapDampingSpec.DEFAULT;
    private OnChangeSpec onChange = OnChangeSpec.DEFAULT;
    private LimitsSpec limits = LimitsSpec.DEFAULT;
    private AllowSpec allow = AllowSpec.DEFAULT;
    private ProxyProtocolSpec proxyProtocol = ProxyProtocolSpec.DEFAULT;
    private RelayMode relay = RelayMode.AUTO;
    private @Nullable Duration startupDeadline = ServiceSpec.STARTUP_DEADLINE;
    private AccessLog accessLog = AccessLog.OFF;

    ServiceBuilder(String name, Catalog catalog) throws ConfigurationException {
        this.name = name;
        this.catalog = catalog;
        this.protocol = configured(catalog.protocols(), "tcp", Map.of());
        this.balancing = configured(catalog.policies(), "round-robin", Map.of());
    }

    /** @param port 0 takes a free one, which {@link Ambassador#address} tells */
    public ServiceBuilder listen(String host, int port) {
        listen.add(new ListenAddress.Tcp(host, port));
        return this;
    }

    /** As in configuration: {@code "6379"}, {@code "127.0.0.1:6379"}, {@code "unix:/run/app/redis.sock"}. */
    public ServiceBuilder listen(String address) {
        listen.add(ListenAddress.parse(address));
        return this;
    }

    /** Default {@code tcp}. */
    public ServiceBuilder protocol(String type) throws ConfigurationException {
        return protocol(type, Map.of());
    }

    public ServiceBuilder protocol(String type, Map<String, ?> settings) throws ConfigurationException {
        protocol = configured(catalog.protocols(), type, settings);
        return this;
    }

    /** A protocol of the embedder's own. */
    public <C extends Record> ServiceBuilder protocol(ProtocolProvider<C> provider, C config) {
        protocol = new Configured<>(provider, config);
        return this;
    }

    /** A source in its short form, such as {@code srv://_redis._tcp.example.com}; the first with endpoints wins. */
    public ServiceBuilder discover(String uri) throws ConfigurationException {
        return discoverMerged(source(uri));
    }

    public ServiceBuilder discover(String type, Map<String, ?> settings) throws ConfigurationException {
        return discoverMerged(source(type, settings));
    }

    /** A source of the embedder's own. */
    public ServiceBuilder discover(EndpointSource source) {
        return discoverMerged(source(source));
    }

    /** Sources whose endpoints are used together, those of each with its share; they count as one of several. */
    public ServiceBuilder discoverMerged(SourceSpec... sources) {
        discovery.add(new SourceGroup(List.of(sources)));
        return this;
    }

    /** For {@link #discoverMerged}: one in its short form. */
    public SourceSpec source(String uri) throws ConfigurationException {
        try {
            DiscoveryUri parsed = DiscoveryUri.parse(uri);
            EndpointSourceProvider<?> provider = catalog.sourceOf(parsed.scheme());
            if (provider == null) {
                provider = catalog.sources().get(parsed.scheme());
            }
            return source(provider.type(), provider.settingsOf(parsed));
        } catch (IllegalArgumentException e) {
            throw new ConfigurationException("services." + name + ".discovery: " + e.getMessage());
        }
    }

    public SourceSpec source(String type, Map<String, ?> settings) throws ConfigurationException {
        return SourceSpec.of(configured(catalog.sources(), type, settings));
    }

    public SourceSpec source(EndpointSource source) {
        return SourceSpec.of(new Configured<>(new GivenSource(), new GivenSource.Given(source)));
    }

    /** Default: any; the primary, if every source tells roles. */
    public ServiceBuilder role(Role wanted) {
        role = wanted;
        return this;
    }

    /** Default {@code round-robin}. */
    public ServiceBuilder balancing(String type) throws ConfigurationException {
        balancing = configured(catalog.policies(), type, Map.of());
        return this;
    }

    public ServiceBuilder credentials(@Nullable Credentials given) {
        credentials = given;
        return this;
    }

    /** What becomes of credentials that clients show; default: whatever they show is accepted, and not passed on. */
    public ServiceBuilder clientCredentials(ClientCredentials wanted) {
        clientCredentials = wanted;
        return this;
    }

    /** TLS to the clients; default: plain text. */
    public ServiceBuilder clientTls(ClientTlsSpec spec) {
        clientTls = spec;
        return this;
    }

    public ServiceBuilder tls(TlsSpec spec) {
        tls = spec;
        return this;
    }

    /** Default: the protocol's own probe, else a TCP connection, each 5 s. */
    public ServiceBuilder health(HealthSpec spec) {
        health = spec;
        return this;
    }

    /** Which zone's endpoints are preferred; default: no one's. */
    public ServiceBuilder locality(@Nullable LocalitySpec spec) {
        locality = spec;
        return this;
    }

    /** {@code null}: endpoints may come and go as often as they like. */
    public ServiceBuilder flapDamping(@Nullable FlapDampingSpec spec) {
        flapDamping = spec;
        return this;
    }

    public ServiceBuilder onChange(OnChangeSpec spec) {
        onChange = spec;
        return this;
    }

    public ServiceBuilder limits(LimitsSpec spec) {
        limits = spec;
        return this;
    }

    public ServiceBuilder allow(AllowSpec spec) {
        allow = spec;
        return this;
    }

    public ServiceBuilder proxyProtocol(ProxyProtocolSpec spec) {
        proxyProtocol = spec;
        return this;
    }

    public ServiceBuilder relay(RelayMode mode) {
        relay = mode;
        return this;
    }

    /** Whose ends are logged, at level info as {@code ambassador.access}; default: nobody's. */
    public ServiceBuilder accessLog(AccessLog which) {
        accessLog = which;
        return this;
    }

    /** How long readiness waits for the first endpoints; {@code null}: until there are some. Default 10 s. */
    public ServiceBuilder startupDeadline(@Nullable Duration deadline) {
        startupDeadline = deadline;
        return this;
    }

    ServiceSpec build() throws ConfigurationException {
        HealthSpec healthSpec =
                health != null ? health : HealthSpec.DEFAULT.withProbe(catalog.defaultProbe(protocol.type()));
        try {
            return new ServiceSpec(
                    name,
                    listen,
                    protocol,
                    discovery,
                    role == null ? Role.usual(discovery) : role,
                    balancing,
                    credentials,
                    clientCredentials,
                    tls,
                    clientTls,
                    healthSpec,
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
            throw new ConfigurationException(String.valueOf(e.getMessage()));
        }
    }

    private <P extends Provider<?>> Configured<P> configured(Providers<P> providers, String type, Map<String, ?> values)
            throws ConfigurationException {
        Settings settings = Settings.of("services." + name, values);
        Configured<P> configured = Configured.parse(providers.get(type), settings);
        settings.throwIfWrong();
        return configured;
    }
}
