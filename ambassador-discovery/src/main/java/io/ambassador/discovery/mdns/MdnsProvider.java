package io.ambassador.discovery.mdns;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.dns.Family;
import io.ambassador.discovery.support.registry.RegistryWatch;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointSourceProvider;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;

/** Source {@code mdns}: instances of a service on the local link. */
public final class MdnsProvider implements EndpointSourceProvider<MdnsConfig> {
    private static final Duration MAX_TTL = Duration.ofMinutes(2);
    private static final Duration LEAST_TTL = Duration.ofSeconds(5);
    private static final Duration MOST_TTL = Duration.ofMinutes(75);

    @Override
    public String type() {
        return "mdns";
    }

    @Override
    public boolean isOpenToAnyone() {
        return true;
    }

    @Override
    public Map<String, ?> settingsOf(DiscoveryUri uri) {
        if (uri.authority().isEmpty() || uri.path().length() > 1) {
            throw new IllegalArgumentException("expected: mdns://_redis._tcp");
        }
        Map<String, Object> settings = new HashMap<>(uri.query());
        String interfaces = uri.query().get("interface");
        if (interfaces != null) {
            settings.put("interface", Arrays.asList(interfaces.split(",")));
        }
        settings.put("service", uri.authority());
        return settings;
    }

    @Override
    public MdnsConfig parse(Settings settings) {
        String service = settings.string("service");
        String instance = settings.optionalString("instance");
        try {
            ServiceType type = service.isEmpty() ? null : ServiceType.parse(service);
            if (type != null && instance != null && type.instance(instance) == null) {
                settings.problem("instance", "is not 1 to 63 bytes long. Give an instance's name alone");
            }
        } catch (IllegalArgumentException e) {
            settings.problem("service", "\"" + service + "\" is not a type of service such as _redis._tcp");
        }
        Duration maxTtl = settings.duration("max-ttl", MAX_TTL);
        if (maxTtl.compareTo(LEAST_TTL) < 0 || maxTtl.compareTo(MOST_TTL) > 0) {
            settings.problem("max-ttl", "is out of range. Give 5s to 75m");
        }
        List<String> interfaces = settings.list("interface", "a network interface's name such as eth0", name -> {
            if (!name.matches("[^\\s/:%]{1,15}")) {
                throw new IllegalArgumentException(name);
            }
            return name;
        });
        return new MdnsConfig(service, instance, interfaces, settings.word("family", Family.ANY), maxTtl);
    }

    @Override
    public EndpointSource create(MdnsConfig config, ScheduledExecutorService scheduler) {
        return listener -> RegistryWatch.start(
                config.name(), scheduler, listener, DnsOptions.system(), told -> MdnsFollower.start(config, told));
    }
}
