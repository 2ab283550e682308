package io.ambassador.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ambassador.spi.Settings;
import io.ambassador.spi.routing.RouteRequest;
import io.ambassador.testkit.RouterContract;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FixedRouterTest extends RouterContract {
    @Override
    protected String type() {
        return "fixed";
    }

    @Override
    protected Map<String, ?> settings() {
        return Map.of("service", "redis");
    }

    @Override
    protected Map<RouteRequest, String> routed() {
        return Map.of(request(null), "redis", request("db.example.com"), "redis");
    }

    @Test
    void needsAService() {
        Settings settings = Settings.of("router", Map.of());
        new FixedRouterProvider().parse(settings);
        assertEquals(List.of("router.service: is missing (expected text)"), settings.problems());
    }
}
