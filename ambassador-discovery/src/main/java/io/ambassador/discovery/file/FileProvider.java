package io.ambassador.discovery.file;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.dns.EndpointResolver;
import io.ambassador.discovery.support.PollingWatch;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointSourceProvider;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;

/** Source {@code file}: the endpoints that a watched file lists. */
public final class FileProvider implements EndpointSourceProvider<FileConfig> {
    private static final Path NOWHERE = Path.of("/");

    @Override
    public String type() {
        return "file";
    }

    @Override
    public Map<String, ?> settingsOf(DiscoveryUri uri) {
        if (!uri.authority().isEmpty() || uri.path().length() < 2) {
            throw new IllegalArgumentException("expected: file:///path/endpoints.json, with three slashes");
        }
        return DnsOptions.settingsOf(uri, Map.of("path", uri.path()));
    }

    @Override
    public FileConfig parse(Settings settings) {
        Path path = settings.optionalPath("path");
        if (!settings.has("path")) {
            settings.problem("path", "is missing (expected a file path)");
        }
        return new FileConfig(path == null ? NOWHERE : path, DnsOptions.parse(settings));
    }

    @Override
    public EndpointSource create(FileConfig config, ScheduledExecutorService scheduler) {
        return listener -> PollingWatch.start(
                "file://" + config.path(),
                scheduler,
                listener,
                EndpointResolver.newBackoff(),
                changed -> new FilePoll(config, scheduler, changed));
    }
}
