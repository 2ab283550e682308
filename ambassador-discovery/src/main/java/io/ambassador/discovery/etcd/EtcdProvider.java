package io.ambassador.discovery.etcd;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.support.Backoff;
import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.PollingWatch;
import io.ambassador.discovery.support.RegistryPassword;
import io.ambassador.discovery.support.TlsOptions;
import io.ambassador.discovery.support.net.ServerAddress;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointSourceProvider;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;

/** Source {@code etcd}: the keys below a path of an etcd v3 cluster. */
public final class EtcdProvider implements EndpointSourceProvider<EtcdConfig> {
    private static final String TLS_SCHEME = "etcds";
    private static final int DEFAULT_PORT = 2379;
    private static final Duration DEFAULT_REREAD = Duration.ofMinutes(1);
    private static final Duration LEAST_REREAD = Duration.ofSeconds(1);

    private final EtcdClients clients = new EtcdClients();

    @Override
    public String type() {
        return "etcd";
    }

    @Override
    public Set<String> schemes() {
        return Set.of("etcd", TLS_SCHEME);
    }

    @Override
    public Map<String, ?> settingsOf(DiscoveryUri uri) {
        if (uri.authority().isEmpty() || uri.path().isEmpty()) {
            throw new IllegalArgumentException("expected: " + uri.scheme() + "://host:port,host:port/path");
        }
        Map<String, Object> settings = new HashMap<>();
        settings.put("endpoints", Arrays.asList(uri.authority().split(",")));
        settings.put("path", uri.path());
        if (uri.scheme().equals(TLS_SCHEME)) {
            settings.put("tls", Map.of("enabled", true));
        }
        return DnsOptions.settingsOf(uri, settings);
    }

    @Override
    public EtcdConfig parse(Settings settings) {
        boolean insecure = settings.bool("insecure", false);
        TlsOptions tls = TlsOptions.parse(settings, false);
        List<ServerAddress> members = new ArrayList<>();
        for (EndpointEntry entry : settings.list("endpoints", "host:port", EtcdProvider::member)) {
            members.add(new ServerAddress(entry.host(), entry.port(), null, tls, insecure));
        }
        if (members.isEmpty() && !settings.has("endpoints")) {
            settings.problem("endpoints", "is missing (expected a list such as [\"127.0.0.1:2379\"])");
        }
        String path = settings.string("path");
        String username = settings.optionalString("username");
        Configured<SecretSourceProvider<?>> password = RegistryPassword.parse(settings, "password");
        if ((username == null) != !settings.has("password")) {
            settings.problem(username == null ? "username" : "password", "needs username and password, both");
        }
        Duration reread = settings.duration("reread", DEFAULT_REREAD);
        if (reread.compareTo(LEAST_REREAD) < 0) {
            settings.problem("reread", "is too short. Give 1s or more");
        }
        return new EtcdConfig(new EtcdCluster(members, username, password, reread, DnsOptions.parse(settings)), path);
    }

    private static EndpointEntry member(String text) {
        boolean bare = text.indexOf(':') < 0 || text.endsWith("]");
        return EndpointEntry.parse(bare ? text + ":" + DEFAULT_PORT : text);
    }

    @Override
    public EndpointSource create(EtcdConfig config, ScheduledExecutorService scheduler) {
        return listener -> PollingWatch.start(
                "etcd " + config.path(),
                scheduler,
                listener,
                // The client tries again by itself, and says so.
                new Backoff(Duration.ofMinutes(1), Duration.ofMinutes(1)),
                askNow -> new EtcdPoll(clients, config, scheduler, askNow));
    }
}
