package org.example.routing;

import io.ambassador.spi.Settings;
import io.ambassador.spi.routing.Route;
import io.ambassador.spi.routing.Router;
import io.ambassador.spi.routing.RouterProvider;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.TreeMap;

/** A router as somebody else would write it: the port a connection was going to names its service. */
public final class ByPortProvider implements RouterProvider<ByPortProvider.Config> {
    /** @param services by port */
    public record Config(Map<Integer, String> services) {
        public Config {
            services = Map.copyOf(services);
        }
    }

    @Override
    public String type() {
        return "by-port";
    }

    @Override
    public Config parse(Settings settings) {
        Map<Integer, String> services = new TreeMap<>();
        for (String port : settings.keys()) {
            String service = settings.string(port);
            Integer number = settings.parse(port, port, "a port", Integer::valueOf);
            if (number != null) {
                services.put(number, service);
            }
        }
        return new Config(services);
    }

    @Override
    public Router create(Config config) {
        return request -> {
            if (!(request.local() instanceof InetSocketAddress local)) {
                return null;
            }
            String service = config.services().get(local.getPort());
            return service == null ? null : new Route(service, "port " + local.getPort());
        };
    }
}
