package io.ambassador.routing;

import io.ambassador.spi.Settings;
import io.ambassador.spi.routing.Route;
import io.ambassador.spi.routing.Router;
import io.ambassador.spi.routing.RouterProvider;

/** Provides the {@code fixed} router: every connection of a listener is for one service. */
public final class FixedRouterProvider implements RouterProvider<FixedRouterProvider.Config> {
    /** @param service the name of the service */
    public record Config(String service) {}

    @Override
    public String type() {
        return "fixed";
    }

    @Override
    public Config parse(Settings settings) {
        return new Config(settings.string("service"));
    }

    @Override
    public Router create(Config config) {
        Route route = new Route(config.service(), "listener");
        return request -> route;
    }
}
