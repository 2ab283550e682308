package io.ambassador.discovery.dns;

import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.PollingWatch;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointSourceProvider;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;

/** Source {@code srv}: the SRV records of one name (RFC 2782). */
public final class SrvProvider implements EndpointSourceProvider<SrvConfig> {
    @Override
    public String type() {
        return "srv";
    }

    @Override
    public Map<String, ?> settingsOf(DiscoveryUri uri) {
        if (uri.authority().isEmpty() || uri.path().length() > 1) {
            throw new IllegalArgumentException("expected: srv://_service._tcp.example.com");
        }
        if (uri.authority().indexOf(':') >= 0) {
            throw new IllegalArgumentException(
                    "\"" + uri.authority() + "\" has a port, but SRV records bring their own (expected: a name alone)");
        }
        return DnsOptions.settingsOf(uri, Map.of("name", uri.authority()));
    }

    @Override
    public SrvConfig parse(Settings settings) {
        String name = settings.string("name");
        if (!name.isEmpty() && !EndpointEntry.isName(name)) {
            settings.problem("name", "\"" + name + "\" is not a DNS name such as _redis._tcp.example.com");
        }
        return new SrvConfig(name, DnsOptions.parse(settings));
    }

    @Override
    public EndpointSource create(SrvConfig config, ScheduledExecutorService scheduler) {
        return listener -> PollingWatch.start(
                "srv://" + config.name(),
                scheduler,
                listener,
                EndpointResolver.newBackoff(),
                new SrvPoll(config, scheduler, SystemFiles.ofThisMachine()));
    }
}
