package io.ambassador.discovery.marathon;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.marathon.MarathonConfig.Health;
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
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Source {@code marathon}: the running tasks of a Marathon app. */
public final class MarathonProvider implements EndpointSourceProvider<MarathonConfig> {
    private static final String EXAMPLE = "marathon://host:port,host:port/app/id:containerPort";
    private static final Pattern APP = Pattern.compile("(/[a-z0-9]([a-z0-9.-]*[a-z0-9])?)+");
    private static final Pattern PATH = Pattern.compile("(/[^:;]+?)/?(?::([^:;/]+))?");

    /** The port behind the semicolon is where applications dial, which is for {@code listen} to say. */
    private static final Pattern AS_IN_A_VARIABLE = Pattern.compile("(/[^:;]+)/(\\d+);\\d+");

    @Override
    public String type() {
        return "marathon";
    }

    @Override
    public Set<String> schemes() {
        return Set.of("marathon", "marathons");
    }

    @Override
    public Map<String, ?> settingsOf(DiscoveryUri uri) {
        Matcher path = AS_IN_A_VARIABLE.matcher(uri.path());
        if (!path.matches()) {
            path = PATH.matcher(uri.path());
        }
        if (uri.authority().isEmpty() || !path.matches()) {
            throw new IllegalArgumentException("expected: " + EXAMPLE);
        }
        if (uri.authority().indexOf('@') >= 0
                || uri.query().containsKey("password")
                || uri.query().containsKey("token")) {
            throw new IllegalArgumentException("a password or token does not belong in a URI. Write discovery { type ="
                    + " marathon, token { file = … } }");
        }
        Map<String, Object> settings = new HashMap<>(DnsOptions.settingsOf(uri, Map.of()));
        settings.put("addresses", List.of(uri.authority().split(",", -1)));
        settings.put("app", path.group(1));
        if (path.group(2) != null) {
            settings.put("port", path.group(2));
        }
        if (uri.scheme().equals("marathons")) {
            settings.put("tls", Map.of("enabled", true));
        }
        return settings;
    }

    @Override
    public MarathonConfig parse(Settings settings) {
        String app = settings.string("app");
        if (!app.startsWith("/")) {
            app = "/" + app;
        }
        if (app.length() > 1 && !APP.matcher(app).matches()) {
            settings.problem("app", "\"" + app + "\" is no id of an app (expected: lower case, digits, . - /)");
        }
        String port = settings.string("port", "");
        if (!port.isEmpty() && settings.has("port-index")) {
            settings.problem("port-index", "is there as well as port. Remove one of them");
        }
        return new MarathonConfig(
                MastersConfig.parse(settings),
                app,
                port,
                settings.integer("port-index", -1, 0, 1_000),
                settings.word("health", Health.PASSING));
    }

    @Override
    public EndpointSource create(MarathonConfig config, ScheduledExecutorService scheduler) {
        return listener -> RegistryWatch.start(
                config.name(),
                scheduler,
                listener,
                config.masters().options(),
                told -> AppFollower.start(config, scheduler, told));
    }
}
