package io.ambassador.discovery.sentinel;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.RegistryPassword;
import io.ambassador.discovery.support.TlsOptions;
import io.ambassador.discovery.support.net.ServerAddress;
import io.ambassador.discovery.support.registry.RegistryWatch;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointSourceProvider;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;

/** Source {@code sentinel}: primary and replicas as Redis Sentinel knows them. */
public final class SentinelProvider implements EndpointSourceProvider<SentinelConfig> {
    private static final int PORT = 26_379;

    @Override
    public String type() {
        return "sentinel";
    }

    @Override
    public Set<String> schemes() {
        return Set.of("sentinel", "sentinels");
    }

    @Override
    public boolean tellsRoles() {
        return true;
    }

    @Override
    public Map<String, ?> settingsOf(DiscoveryUri uri) {
        if (uri.query().containsKey("password")) {
            throw new IllegalArgumentException("a password does not belong in a URI. Write discovery { type = sentinel,"
                    + " password { file = … } }");
        }
        String master = uri.path().replaceAll("^/+|/+$", "");
        if (uri.authority().isEmpty() || master.isEmpty()) {
            throw new IllegalArgumentException("expected: sentinel://host:port,host:port/master-name");
        }
        Map<String, Object> settings = new HashMap<>(DnsOptions.settingsOf(uri, Map.of()));
        settings.put("addresses", List.of(uri.authority().split(",", -1)));
        settings.put("master", master);
        if (uri.scheme().equals("sentinels")) {
            settings.put("tls", Map.of("enabled", true));
        }
        return settings;
    }

    @Override
    public SentinelConfig parse(Settings settings) {
        TlsOptions tls = TlsOptions.parse(settings, false);
        boolean insecure = settings.bool("insecure", false);
        if (!settings.has("addresses")) {
            settings.problem("addresses", "is missing (expected the sentinels, such as [\"10.0.0.1:26379\"])");
        }
        List<ServerAddress> sentinels = settings.list("addresses", "a sentinel's host:port", text -> {
            EndpointEntry entry = EndpointEntry.parseServer(text, PORT);
            return new ServerAddress(entry.host(), entry.port(), null, tls, insecure);
        });
        String master = settings.string("master");
        if (!master.isEmpty() && !master.matches("[A-Za-z0-9._-]+")) {
            settings.problem(
                    "master", "\"" + master + "\" is no name for a primary (expected: letters, digits, . - _)");
        }
        return new SentinelConfig(
                sentinels,
                master,
                settings.optionalString("username"),
                RegistryPassword.parse(settings, "password"),
                DnsOptions.parse(settings));
    }

    @Override
    public EndpointSource create(SentinelConfig config, ScheduledExecutorService scheduler) {
        return listener -> RegistryWatch.start(
                config.name(),
                scheduler,
                listener,
                config.options(),
                told -> Sentinels.follow(config, scheduler, told));
    }
}
