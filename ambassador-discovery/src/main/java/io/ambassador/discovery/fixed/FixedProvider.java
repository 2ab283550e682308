package io.ambassador.discovery.fixed;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.dns.EndpointResolver;
import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.PollingWatch;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointSourceProvider;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;

/** Source {@code static}: the endpoints that configuration lists. */
public final class FixedProvider implements EndpointSourceProvider<FixedConfig> {
    @Override
    public String type() {
        return "static";
    }

    @Override
    public Map<String, ?> settingsOf(DiscoveryUri uri) {
        if (uri.authority().isEmpty() || uri.path().length() > 1) {
            throw new IllegalArgumentException("expected: static://host:port,host:port;weight=2");
        }
        return DnsOptions.settingsOf(
                uri, Map.of("endpoints", List.of(uri.authority().split(",", -1))));
    }

    @Override
    public FixedConfig parse(Settings settings) {
        if (!settings.has("endpoints")) {
            settings.problem("endpoints", "is missing (expected a list such as [\"10.0.0.1:6379\"])");
        }
        List<EndpointEntry> entries = settings.list(
                "endpoints",
                "host:port or [v6]:port, with ;weight=n, ;priority=n, ;zone=z or ;tag=t if wanted",
                EndpointEntry::parse);
        return new FixedConfig(entries, DnsOptions.parse(settings));
    }

    @Override
    public EndpointSource create(FixedConfig config, ScheduledExecutorService scheduler) {
        return listener -> PollingWatch.start(
                "static", scheduler, listener, EndpointResolver.newBackoff(), new FixedPoll(config, scheduler));
    }
}
