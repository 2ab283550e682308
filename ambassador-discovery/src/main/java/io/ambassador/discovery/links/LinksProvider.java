package io.ambassador.discovery.links;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.dns.EndpointResolver;
import io.ambassador.discovery.support.PollingWatch;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointSourceProvider;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Source {@code links}: what Docker's link variables tell. */
public final class LinksProvider implements EndpointSourceProvider<LinksConfig> {
    private static final String EXAMPLES = "links://ALIAS or links://ALIAS:6379";

    private final Supplier<Map<String, String>> environment;

    public LinksProvider() {
        this(System::getenv);
    }

    LinksProvider(Supplier<Map<String, String>> environment) {
        this.environment = environment;
    }

    @Override
    public String type() {
        return "links";
    }

    @Override
    public Map<String, ?> settingsOf(DiscoveryUri uri) {
        int colon = uri.authority().indexOf(':');
        if (uri.authority().isEmpty() || colon == 0 || uri.path().length() > 1) {
            throw new IllegalArgumentException("expected: " + EXAMPLES);
        }
        return DnsOptions.settingsOf(
                uri,
                colon < 0
                        ? Map.of("alias", uri.authority())
                        : Map.of(
                                "alias",
                                uri.authority().substring(0, colon),
                                "port",
                                uri.authority().substring(colon + 1)));
    }

    @Override
    public LinksConfig parse(Settings settings) {
        String alias = Link.variableName(settings.string("alias"));
        int port = settings.integer("port", 0, 1, 65_535);
        List<Link> all = List.of();
        try {
            all = Link.in(environment.get());
        } catch (IllegalArgumentException e) {
            settings.problem("", String.valueOf(e.getMessage()));
        }
        List<Link> chosen = Link.of(alias, all).stream()
                .filter(link -> port == 0 || link.port() == port)
                .toList();
        TreeSet<Integer> ports = chosen.stream().map(Link::port).collect(Collectors.toCollection(TreeSet::new));
        if (ports.size() > 1) {
            settings.problem("port", "is missing: " + alias + " is linked with the ports " + ports + ". Choose one");
        }
        return new LinksConfig(
                alias,
                port,
                chosen.stream().map(Link::entry).toList(),
                all.stream().map(link -> link.name() + ":" + link.port()).toList(),
                DnsOptions.parse(settings));
    }

    @Override
    public EndpointSource create(LinksConfig config, ScheduledExecutorService scheduler) {
        return listener -> PollingWatch.start(
                config.name(), scheduler, listener, EndpointResolver.newBackoff(), new LinksPoll(config, scheduler));
    }
}
