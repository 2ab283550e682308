package io.ambassador.discovery.consul;

import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointSourceProvider;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;

/** Source {@code consul-kv}: endpoints written into Consul's key-value store. */
public final class ConsulKvProvider implements EndpointSourceProvider<ConsulKvConfig> {
    @Override
    public String type() {
        return "consul-kv";
    }

    @Override
    public Set<String> schemes() {
        return Set.of("consul-kv", "consuls-kv");
    }

    @Override
    public Map<String, ?> settingsOf(DiscoveryUri uri) {
        return AgentConfig.settingsOf(uri, "path", "consul-kv://host:port/path");
    }

    @Override
    public ConsulKvConfig parse(Settings settings) {
        return new ConsulKvConfig(
                AgentConfig.parse(settings),
                settings.string("path").replaceAll("^/+|/+$", ""),
                settings.optionalString("dc"),
                AgentConfig.maxWait(settings));
    }

    @Override
    public EndpointSource create(ConsulKvConfig config, ScheduledExecutorService scheduler) {
        return BlockingQuery.source(
                config.agent(),
                scheduler,
                config.name(),
                config.target(),
                config.maxWait(),
                () -> new KvReader(config)::read);
    }
}
