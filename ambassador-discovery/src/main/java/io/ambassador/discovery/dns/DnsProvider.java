package io.ambassador.discovery.dns;

import io.ambassador.discovery.support.Answer;
import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.PollingWatch;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointSourceProvider;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;

/** Source {@code dns}: the A and AAAA records of one host name, all with one port. */
public final class DnsProvider implements EndpointSourceProvider<DnsConfig> {
    private static final EndpointEntry PLACEHOLDER = EndpointEntry.of("localhost", 1);

    @Override
    public String type() {
        return "dns";
    }

    @Override
    public Map<String, ?> settingsOf(DiscoveryUri uri) {
        EndpointEntry entry = EndpointEntry.parse(uri.authority());
        if (uri.path().length() > 1 || uri.authority().indexOf(';') >= 0) {
            throw new IllegalArgumentException("expected: dns://host:port");
        }
        return DnsOptions.settingsOf(uri, Map.of("host", entry.host(), "port", entry.port()));
    }

    @Override
    public DnsConfig parse(Settings settings) {
        String host = settings.string("host");
        EndpointEntry entry = PLACEHOLDER;
        int port = settings.integer("port", 0, 1, 65_535);
        if (!settings.has("port")) {
            settings.problem("port", "is missing (expected 1-65535)");
        } else if (!host.isEmpty() && port > 0) {
            EndpointEntry parsed =
                    settings.parse("host", host, "a DNS name or an address", text -> EndpointEntry.of(text, port));
            entry = parsed == null ? PLACEHOLDER : parsed;
        }
        return new DnsConfig(entry, DnsOptions.parse(settings));
    }

    @Override
    public EndpointSource create(DnsConfig config, ScheduledExecutorService scheduler) {
        return listener -> PollingWatch.start(
                "dns://" + config.entry().host() + ":" + config.entry().port(),
                scheduler,
                listener,
                EndpointResolver.newBackoff(),
                new HostPoll(config, scheduler));
    }

    private static final class HostPoll implements PollingWatch.Poll {
        private final List<EndpointEntry> entries;
        private final EndpointResolver resolver;

        HostPoll(DnsConfig config, ScheduledExecutorService scheduler) {
            entries = List.of(config.entry());
            resolver = new EndpointResolver(config.options(), scheduler);
        }

        @Override
        public CompletionStage<Answer> ask() {
            return resolver.resolve(entries);
        }

        @Override
        public void close() {
            resolver.close();
        }
    }
}
