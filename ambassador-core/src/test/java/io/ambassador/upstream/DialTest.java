package io.ambassador.upstream;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.explain.EndReason;
import io.ambassador.explain.Journal;
import io.ambassador.explain.Trail;
import io.ambassador.service.AllowSpec;
import io.ambassador.service.HealthSpec;
import io.ambassador.service.OnChangeSpec;
import io.ambassador.service.PooledEndpoint;
import io.ambassador.service.Role;
import io.ambassador.service.Service;
import io.ambassador.service.ServiceEnvironment;
import io.ambassador.service.TestSpecs;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.testkit.EchoServer;
import io.ambassador.testkit.RefusingServer;
import io.ambassador.testkit.TestClient;
import io.ambassador.transport.Transport;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Whoever can be served is served, however many endpoints are down. */
class DialTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final String REFUSED = "refused";

    private final ScheduledThreadPoolExecutor control = new ScheduledThreadPoolExecutor(1);
    private final Transport transport = Transport.start(1);
    private final List<RefusingServer> down = new ArrayList<>();
    private final EchoServer up = EchoServer.start();
    private Service service;
    private Connector connector;

    @AfterEach
    void stop() {
        control.shutdownNow();
        transport.close();
        down.forEach(RefusingServer::close);
        up.close();
    }

    /** As on a machine so busy that the control thread has not yet told the event loops whom it ejected. */
    @Test
    void nobodyIsSentFromOneThatFailsToAnotherOfWhichTheSameIsKnown() throws Exception {
        serve(2, Duration.ofMinutes(1));
        CountDownLatch held = new CountDownLatch(1);
        control.execute(() -> awaitQuietly(held));
        try {
            for (int i = 0; i < 60; i++) {
                assertEquals("served by " + up.port(), dial(), "client " + i);
            }
        } finally {
            held.countDown();
        }
    }

    @Test
    void nobodyIsSentFromOneOnTrialToTheNext() throws Exception {
        serve(5, Duration.ofMillis(50));
        for (int round = 0; round < 6; round++) {
            for (PooledEndpoint endpoint : endpoints()) {
                if (endpoint.endpoint().port() != up.port() && endpoint.isWell()) {
                    endpoint.ejection().failed(1, new IOException(REFUSED));
                }
            }
            await().atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> endpoints().stream().allMatch(PooledEndpoint::isAvailable));
            settle();
            assertEquals("served by " + up.port(), dial(), "round " + round);
        }
    }

    /** To wait for the other's outcome is not possible, to refuse would be wrong if the endpoint is back. */
    @Test
    void theOnlyEndpointIsSharedWhileAnotherConnectionTriesIt() throws Exception {
        serve(0, Duration.ofMillis(50));
        PooledEndpoint only = endpoints().get(0);
        only.ejection().failed(1, new IOException(REFUSED));
        await().atMost(PATIENCE).until(only::isAvailable);
        assertTrue(only.ejection().tryAcquire(), "another connection's turn");

        assertEquals("served by " + up.port(), dial());
        assertTrue(only.isWell());
    }

    /** Endpoints that refuse come first; one failed connection ejects. */
    private void serve(int refusing, Duration ejectFor) throws Exception {
        List<Endpoint> endpoints = new ArrayList<>();
        for (int i = 0; i < refusing; i++) {
            down.add(RefusingServer.start());
            endpoints.add(down.get(i).endpoint());
        }
        endpoints.add(Endpoint.of("127.0.0.1", up.port()));
        HealthSpec health = new HealthSpec(
                null,
                Duration.ofSeconds(5),
                Duration.ofSeconds(1),
                3,
                1,
                0.5,
                Duration.ZERO,
                new HealthSpec.Outlier(1, ejectFor, 0.5));
        ServiceEnvironment environment = new ServiceEnvironment(
                control, control, control, new SimpleMeterRegistry(), null, Duration.ofSeconds(30), new Journal());
        service = new Service(
                TestSpecs.with(
                        Role.ANY,
                        health,
                        OnChangeSpec.DEFAULT,
                        AllowSpec.DEFAULT,
                        LineTest.known(endpoints.toArray(Endpoint[]::new))),
                environment);
        connector = new Connector(transport, service.spec(), null, false);
        control.submit(() -> service.begin(null)).get();
        await().atMost(PATIENCE).until(() -> endpoints().size() == endpoints.size());
        settle();
    }

    private List<PooledEndpoint> endpoints() {
        return List.copyOf(service.pool().endpoints());
    }

    /** Until the control thread has done what it was asked to do. */
    private void settle() throws Exception {
        control.submit(() -> {}).get(20, TimeUnit.SECONDS);
    }

    /** Who serves one client, or why nobody does. */
    private String dial() throws Exception {
        EventLoop loop = transport.next();
        InetSocketAddress nobody = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
        CompletableFuture<String> outcome = new CompletableFuture<>();
        loop.execute(() -> new Dial(
                        service,
                        connector,
                        loop,
                        service.protocol().open(new TestClient(false)),
                        new Connector.ClientAddress(nobody, nobody),
                        new Trail("service", nobody),
                        new Dial.Outcome() {
                            @Override
                            public void ready(PooledEndpoint endpoint, Channel backend, long nanos, long version) {
                                endpoint.attemptAbandoned();
                                backend.close();
                                outcome.complete(
                                        "served by " + endpoint.endpoint().port());
                            }

                            @Override
                            public void failed(EndReason reason, String detail) {
                                outcome.complete(reason + ": " + detail);
                            }

                            @Override
                            public boolean clientEnded() {
                                return false;
                            }
                        })
                .start());
        return outcome.get(20, TimeUnit.SECONDS);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
