package io.ambassador.listener;

import io.ambassador.spi.routing.Route;
import io.ambassador.spi.routing.Router;
import io.ambassador.upstream.Gateway;
import java.util.Map;

/**
 * Where the clients of one listener are led.
 *
 * @param targets by the names that {@code router} gives
 * @param entry the service whose allow-lists and PROXY settings the listener has
 */
public record Entrance(Router router, Map<String, Gateway> targets, Gateway entry) {
    public Entrance {
        targets = Map.copyOf(targets);
    }

    /** Every client is for one service. */
    public static Entrance to(Gateway gateway) {
        String name = gateway.service().name();
        Route route = new Route(name, "listener");
        return new Entrance(request -> route, Map.of(name, gateway), gateway);
    }
}
