package io.ambassador.discovery.thirdparty;

import io.ambassador.discovery.support.Answer;
import io.ambassador.discovery.support.Backoff;
import io.ambassador.discovery.support.PollingWatch;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryException;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointSourceProvider;
import io.ambassador.spi.discovery.EndpointState.Known;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;

/** Source {@code system-property}: {@code host:port host:port} in a system property, looked at every 100 ms. */
public final class PropertiesProvider implements EndpointSourceProvider<PropertiesProvider.Config> {
    /** @param name of the property */
    public record Config(String name) {}

    @Override
    public String type() {
        return "system-property";
    }

    @Override
    public Map<String, ?> settingsOf(DiscoveryUri uri) {
        return Map.of("name", uri.authority());
    }

    @Override
    public Config parse(Settings settings) {
        return new Config(settings.string("name"));
    }

    @Override
    public EndpointSource create(Config config, ScheduledExecutorService scheduler) {
        return listener -> PollingWatch.start(
                "system-property://" + config.name(),
                scheduler,
                listener,
                new Backoff(Duration.ofMillis(100), Duration.ofSeconds(1)),
                new PropertyPoll(config.name()));
    }

    private record PropertyPoll(String name) implements PollingWatch.Poll {
        @Override
        public CompletionStage<Answer> ask() {
            String value = System.getProperty(name);
            if (value == null) {
                return CompletableFuture.failedFuture(new DiscoveryException("No system property " + name));
            }
            Set<Endpoint> endpoints = new HashSet<>();
            for (String each : value.split(" ")) {
                int colon = each.lastIndexOf(':');
                endpoints.add(Endpoint.of(each.substring(0, colon), Integer.parseInt(each.substring(colon + 1))));
            }
            return CompletableFuture.completedFuture(Answer.known(new Known(endpoints), Duration.ofMillis(100)));
        }

        @Override
        public void close() {}
    }
}
