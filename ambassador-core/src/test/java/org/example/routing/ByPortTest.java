package org.example.routing;

import io.ambassador.spi.routing.RouteRequest;
import io.ambassador.testkit.RouterContract;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;

/** Shows that a router from elsewhere needs nothing but the SPI and the testkit. */
class ByPortTest extends RouterContract {
    @Override
    protected String type() {
        return "by-port";
    }

    @Override
    protected Map<String, ?> settings() {
        return Map.of("6379", "redis", "5432", "orders-db");
    }

    @Override
    protected Map<RouteRequest, String> routed() {
        return Map.of(to(6379), "redis", to(5432), "orders-db");
    }

    @Override
    protected List<RouteRequest> refused() {
        return List.of(to(80));
    }

    private static RouteRequest to(int port) {
        return new RouteRequest(
                new InetSocketAddress("192.0.2.7", 50_000), new InetSocketAddress("192.0.2.1", port), null);
    }
}
