package io.ambassador.discovery.consul;

import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointSourceProvider;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;

/** Source {@code consul}: the healthy instances of a service. */
public final class ConsulProvider implements EndpointSourceProvider<ConsulConfig> {
    @Override
    public String type() {
        return "consul";
    }

    @Override
    public Set<String> schemes() {
        return Set.of("consul", "consuls");
    }

    @Override
    public Map<String, ?> settingsOf(DiscoveryUri uri) {
        return AgentConfig.settingsOf(uri, "service", "consul://host:port/service");
    }

    @Override
    public ConsulConfig parse(Settings settings) {
        return new ConsulConfig(
                AgentConfig.parse(settings),
                settings.string("service"),
                AgentConfig.words(settings, "tag"),
                settings.optionalString("dc"),
                settings.optionalString("near"),
                settings.word("status", ConsulConfig.Status.PASSING),
                AgentConfig.maxWait(settings));
    }

    @Override
    public EndpointSource create(ConsulConfig config, ScheduledExecutorService scheduler) {
        return BlockingQuery.source(
                config.agent(),
                scheduler,
                config.name(),
                config.target(),
                config.maxWait(),
                () -> new HealthReader(config)::read);
    }
}
