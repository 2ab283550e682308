package io.ambassador.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Providers;
import io.ambassador.spi.Settings;
import io.ambassador.spi.routing.Route;
import io.ambassador.spi.routing.RouteRequest;
import io.ambassador.spi.routing.Router;
import io.ambassador.spi.routing.RouterProvider;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What every router promises. Extend it, say what your router should do with which request, and run it. */
public abstract class RouterContract {
    /** The word users write, found among the providers on the class path. */
    protected abstract String type();

    /** Settings that route as {@link #routed} says. */
    protected abstract Map<String, ?> settings();

    /** Requests, each with the service it is for. */
    protected abstract Map<RouteRequest, String> routed();

    /** Requests that no rule fits; empty for a router that takes everything. */
    protected List<RouteRequest> refused() {
        return List.of();
    }

    /** A new router, as configuration makes one for each listener. */
    @SuppressWarnings("unchecked") // the record came from this provider
    protected final Router router() throws ConfigurationException {
        Providers<RouterProvider<?>> providers = Providers.load(RouterProvider.class, "router");
        Settings settings = Settings.of("router", settings());
        Configured<RouterProvider<?>> configured = Configured.parse(providers.get(type()), settings);
        settings.throwIfWrong();
        return ((RouterProvider<Record>) configured.provider()).create(configured.config());
    }

    /** A request of a plain TCP client. */
    protected static RouteRequest request(String serverName) {
        return new RouteRequest(
                new InetSocketAddress("192.0.2.7", 50_000), new InetSocketAddress("127.0.0.1", 6379), serverName);
    }

    @Test
    void isFoundByItsWord() throws ConfigurationException {
        assertTrue(type().matches("[a-z][a-z0-9]*(-[a-z0-9]+)*"), type());
        assertNotNull(router());
    }

    @Test
    void routesWithAReasonForTheLog() throws ConfigurationException {
        Router router = router();
        assertFalse(routed().isEmpty(), "name at least one request that is routed");
        routed().forEach((request, service) -> {
            Route route = router.route(request);
            assertNotNull(route, request.toString());
            assertEquals(service, route.service(), request.toString());
            assertFalse(route.reason().isBlank(), "a reason for " + request);
            assertEquals(route, router.route(request), "the same request, the same route");
        });
    }

    @Test
    void answersNullWhereNoRuleFits() throws ConfigurationException {
        Router router = router();
        for (RouteRequest request : refused()) {
            assertNull(router.route(request), request.toString());
        }
    }

    /** A client decides over its address and server name: neither may make a router throw. */
    @Test
    void standsAnyRequest() throws ConfigurationException {
        Router router = router();
        InetSocketAddress tcp = new InetSocketAddress("127.0.0.1", 1);
        UnixDomainSocketAddress unnamed = UnixDomainSocketAddress.of("");
        for (String serverName :
                new String[] {null, "", ".", "a".repeat(255), "\u0000", "127.0.0.1", "*.example.com"}) {
            router.route(new RouteRequest(tcp, tcp, serverName));
            router.route(new RouteRequest(unnamed, UnixDomainSocketAddress.of("/run/app.sock"), serverName));
            router.route(new RouteRequest(InetSocketAddress.createUnresolved("a", 1), tcp, serverName));
        }
    }

    @Test
    void routesOnManyThreads() throws Exception {
        Router router = router();
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int thread = 0; thread < 8; thread++) {
                running.add(threads.submit(() -> {
                    for (int i = 0; i < 2_000; i++) {
                        routed().forEach((request, service) ->
                                assertEquals(service, router.route(request).service()));
                    }
                }));
            }
            for (Future<?> each : running) {
                each.get(60, TimeUnit.SECONDS);
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
