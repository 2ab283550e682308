package io.ambassador;

import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointSourceProvider;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;

/** Wraps a source that an embedder made itself; has no place in configuration. */
final class GivenSource implements EndpointSourceProvider<GivenSource.Given> {
    record Given(EndpointSource source) {
        /** The same in each process, as what is kept on disk is found by it. */
        @Override
        public String toString() {
            return "given";
        }
    }

    @Override
    public String type() {
        return "given";
    }

    @Override
    public Given parse(Settings settings) {
        throw new IllegalStateException("A given source has no settings.");
    }

    @Override
    public Map<String, ?> settingsOf(DiscoveryUri uri) {
        throw new IllegalStateException("A given source has no short form.");
    }

    @Override
    public EndpointSource create(Given config, ScheduledExecutorService scheduler) {
        return config.source();
    }
}
