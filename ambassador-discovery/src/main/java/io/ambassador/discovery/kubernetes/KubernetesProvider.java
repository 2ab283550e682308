package io.ambassador.discovery.kubernetes;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.support.registry.RegistryWatch;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointSourceProvider;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Source {@code kubernetes}: the ready endpoints of a service. */
public final class KubernetesProvider implements EndpointSourceProvider<KubernetesConfig> {
    private static final Pattern NAME = Pattern.compile("[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?");
    private static final Pattern PORT = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
    private static final Pattern PATH = Pattern.compile("/([^/:]+)(?::([^/:]+))?");

    @Override
    public String type() {
        return "kubernetes";
    }

    @Override
    public Map<String, ?> settingsOf(DiscoveryUri uri) {
        Matcher path = PATH.matcher(uri.path());
        if (uri.authority().isEmpty() || !path.matches()) {
            throw new IllegalArgumentException("expected: kubernetes://namespace/service:port");
        }
        if (uri.query().containsKey("token")) {
            throw new IllegalArgumentException(
                    "a token does not belong in a URI. Write discovery { type = kubernetes, token { file = … } }");
        }
        Map<String, Object> settings = new HashMap<>(DnsOptions.settingsOf(uri, Map.of()));
        settings.put("namespace", uri.authority());
        settings.put("service", path.group(1));
        if (path.group(2) != null) {
            settings.put("port", path.group(2));
        }
        return settings;
    }

    @Override
    public KubernetesConfig parse(Settings settings) {
        return new KubernetesConfig(
                ApiServerConfig.parse(settings),
                name(settings, "namespace", settings.string("namespace"), NAME),
                name(settings, "service", settings.string("service"), NAME),
                name(settings, "port", settings.string("port", ""), PORT));
    }

    @Override
    public EndpointSource create(KubernetesConfig config, ScheduledExecutorService scheduler) {
        return create(config, scheduler, InCluster.ofThisProcess());
    }

    EndpointSource create(KubernetesConfig config, ScheduledExecutorService scheduler, InCluster cluster) {
        return listener -> RegistryWatch.start(
                config.name(),
                scheduler,
                listener,
                config.server().options(),
                told -> SliceWatch.start(config, cluster, scheduler, told));
    }

    private static String name(Settings settings, String key, String name, Pattern pattern) {
        if (!name.isEmpty() && !pattern.matcher(name).matches()) {
            settings.problem(key, "\"" + name + "\" is not a name that Kubernetes allows");
        }
        return name;
    }
}
