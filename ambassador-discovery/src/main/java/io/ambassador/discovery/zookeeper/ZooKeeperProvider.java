package io.ambassador.discovery.zookeeper;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.support.registry.RegistryWatch;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointSourceProvider;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.regex.Pattern;

/** Source {@code zookeeper}: the children of a path. */
public final class ZooKeeperProvider implements EndpointSourceProvider<ZooKeeperConfig> {
    private static final Pattern PATH = Pattern.compile("(/(?!\\.{1,2}(/|$))[^/\\p{Cntrl}]+)+");

    @Override
    public String type() {
        return "zookeeper";
    }

    @Override
    public Set<String> schemes() {
        return Set.of("zookeeper", "zookeepers");
    }

    @Override
    public Map<String, ?> settingsOf(DiscoveryUri uri) {
        if (uri.authority().isEmpty() || uri.path().length() < 2) {
            throw new IllegalArgumentException("expected: zookeeper://host:port,host:port/path");
        }
        if (uri.authority().indexOf('@') >= 0 || uri.query().containsKey("password")) {
            throw new IllegalArgumentException(
                    "a password does not belong in a URI. Write discovery { type = zookeeper, user = …, password {"
                            + " file = … } }");
        }
        Map<String, Object> settings = new HashMap<>(DnsOptions.settingsOf(uri, Map.of()));
        settings.put("servers", List.of(uri.authority().split(",", -1)));
        settings.put("path", uri.path());
        if (uri.scheme().equals("zookeepers")) {
            settings.put("tls", Map.of("enabled", true));
        }
        return settings;
    }

    @Override
    public ZooKeeperConfig parse(Settings settings) {
        String path = path(settings, "chroot", "") + path(settings, "path", settings.string("path"));
        return new ZooKeeperConfig(EnsembleConfig.parse(settings), path);
    }

    @Override
    public EndpointSource create(ZooKeeperConfig config, ScheduledExecutorService scheduler) {
        return listener -> RegistryWatch.start(
                config.name(),
                scheduler,
                listener,
                config.ensemble().options(),
                told -> TreeWatch.start(config, scheduler, told));
    }

    private static String path(Settings settings, String key, String fallback) {
        String path = settings.string(key, fallback).replaceAll("/+$", "");
        if (!path.isEmpty() && !PATH.matcher(path).matches()) {
            settings.problem(key, "\"" + path + "\" is not a path such as /services/redis");
        }
        return path;
    }
}
