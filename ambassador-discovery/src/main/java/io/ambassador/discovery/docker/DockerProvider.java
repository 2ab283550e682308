package io.ambassador.discovery.docker;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.support.registry.RegistryWatch;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointSourceProvider;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Source {@code docker}: running containers of one Docker Engine. */
public final class DockerProvider implements EndpointSourceProvider<DockerConfig> {
    private static final String EXAMPLES = "docker://container:port or docker://?label=name=value";

    private final Function<String, @Nullable String> environment;

    public DockerProvider() {
        this(System::getenv);
    }

    DockerProvider(Function<String, @Nullable String> environment) {
        this.environment = environment;
    }

    @Override
    public String type() {
        return "docker";
    }

    @Override
    public Map<String, ?> settingsOf(DiscoveryUri uri) {
        if (uri.path().length() > 1) {
            throw new IllegalArgumentException("expected: " + EXAMPLES);
        }
        Map<String, Object> settings = new HashMap<>(DnsOptions.settingsOf(uri, Map.of()));
        String label = uri.query().get("label");
        if (label != null) {
            settings.put("label", List.of(label.split(",")));
        }
        int colon = uri.authority().indexOf(':');
        if (colon >= 0) {
            settings.put("port", uri.authority().substring(colon + 1));
        }
        String container = colon < 0 ? uri.authority() : uri.authority().substring(0, colon);
        if (!container.isEmpty()) {
            settings.put("container", container);
        }
        return settings;
    }

    @Override
    public DockerConfig parse(Settings settings) {
        String container = settings.optionalString("container");
        List<String> labels = settings.list("label", "name or name=value", text -> {
            if (text.isEmpty() || text.startsWith("=")) {
                throw new IllegalArgumentException(text);
            }
            return text;
        });
        if (container == null && labels.isEmpty()) {
            settings.problem("label", "is missing, and so is container (expected one of them: " + EXAMPLES + ")");
        }
        if (container != null && !container.matches("[a-zA-Z0-9][a-zA-Z0-9_.-]*")) {
            settings.problem("container", "\"" + container + "\" is no name of a container");
        }
        DockerConfig.Address address = settings.word("address", DockerConfig.Address.AUTO);
        String network = settings.optionalString("network");
        if (network != null && address == DockerConfig.Address.PUBLISHED) {
            settings.problem("network", "goes with address = network. Remove one of them");
        }
        return new DockerConfig(
                EngineAddress.parse(settings, environment),
                container,
                labels,
                settings.integer("port", 0, 1, 65_535),
                network == null ? address : DockerConfig.Address.NETWORK,
                network,
                settings.word("health", DockerConfig.Health.HEALTHY),
                DnsOptions.parse(settings));
    }

    @Override
    public EndpointSource create(DockerConfig config, ScheduledExecutorService scheduler) {
        return listener -> RegistryWatch.start(
                config.name(),
                scheduler,
                listener,
                config.options(),
                told -> EngineFollower.start(config, scheduler, told));
    }
}
