package io.ambassador;

import static io.ambassador.AmbassadorTest.connect;
import static io.ambassador.AmbassadorTest.known;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.service.AllowSpec;
import io.ambassador.service.Cidr;
import io.ambassador.service.HealthSpec;
import io.ambassador.service.LimitsSpec;
import io.ambassador.service.OnChangeSpec;
import io.ambassador.service.OnChangeSpec.Action;
import io.ambassador.service.RelayMode;
import io.ambassador.service.ServiceSpec;
import io.ambassador.service.ServiceStatus;
import io.ambassador.service.TlsSpec;
import io.ambassador.spi.AmbassadorException;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.discovery.DiscoveryException;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.testkit.EchoServer;
import io.ambassador.testkit.Ports;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LiveChangeTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final int port = Ports.free();
    private EchoServer one;
    private EchoServer two;
    private EndpointSource toOne;
    private Ambassador ambassador;

    @BeforeEach
    void start() throws Exception {
        one = EchoServer.start();
        two = EchoServer.start();
        toOne = known(one.port());
        ambassador = Ambassador.builder()
                .service(service("echo", s -> {}))
                .meterRegistry(registry)
                .start();
    }

    @AfterEach
    void stop() {
        ambassador.close();
        one.close();
        two.close();
    }

    /** On {@link #port}, towards the first server, unless {@code more} says something else. */
    private ServiceSpec service(String name, Ambassador.Builder.Definition more) throws ConfigurationException {
        return Ambassador.describe(name, s -> {
            s.listen("127.0.0.1", port).discover(toOne).onChange(draining(Duration.ofMillis(200)));
            more.define(s);
        });
    }

    private ServiceSpec elsewhere(String name, int otherPort, EndpointSource source) throws ConfigurationException {
        return Ambassador.describe(name, s -> s.listen("127.0.0.1", otherPort).discover(source));
    }

    private static OnChangeSpec draining(Duration timeout) {
        return new OnChangeSpec(Action.DRAIN, Action.CLOSE, Action.CLOSE, timeout);
    }

    private static LimitsSpec maxConnections(int most) {
        LimitsSpec usual = LimitsSpec.DEFAULT;
        return new LimitsSpec(
                most,
                usual.connectAttempts(),
                usual.connectTimeout(),
                usual.loginTimeout(),
                null,
                null,
                usual.retryBudget(),
                Duration.ofSeconds(20));
    }

    private Socket client() throws IOException {
        return connect(new InetSocketAddress("127.0.0.1", port));
    }

    private static void echoes(Socket client) throws IOException {
        client.getOutputStream().write('x');
        assertEquals('x', client.getInputStream().read());
    }

    private ServiceStatus status(String name) {
        return ambassador.services().stream()
                .filter(service -> service.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void equalDescriptionsChangeNothing() throws Exception {
        ChangePlan plan = ambassador.apply(List.of(service("echo", s -> {})));

        assertTrue(plan.isEmpty(), plan::toString);
        assertEquals(1, ambassador.generation());
        assertEquals(1, changes("unchanged"));
    }

    @Test
    void aConnectionOutlivesAChangeOfEverythingButItsListener() throws Exception {
        try (Socket client = client()) {
            echoes(client);
            List<Ambassador.Builder.Definition> changes = List.of(
                    s -> s.limits(maxConnections(77)),
                    s -> s.limits(maxConnections(77))
                            .allow(new AllowSpec(List.of(Cidr.parse("127.0.0.1/32")), Set.of(), List.of())),
                    s -> s.balancing("consistent-hash"),
                    s -> s.health(HealthSpec.DEFAULT.withProbe(null)),
                    s -> s.onChange(draining(Duration.ofSeconds(1))),
                    s -> s.discover(known(one.port(), two.port())),
                    s -> s.tls(new TlsSpec("localhost", null, null, null)),
                    s -> s.listen("127.0.0.1", 0),
                    s -> s.relay(RelayMode.COPY));
            long generation = 1;
            for (Ambassador.Builder.Definition change : changes) {
                ChangePlan plan = ambassador.apply(List.of(service("echo", change)));
                assertFalse(plan.isEmpty());
                assertEquals(++generation, ambassador.generation());
                echoes(client);
            }
            assertEquals(1, status("echo").activeConnections());
            assertEquals(1, status("echo").openedConnections());
        }
        await().untilAsserted(() -> assertEquals(0, status("echo").activeConnections()));
        assertEquals(generationMeter(), ambassador.generation());
    }

    private double generationMeter() {
        return registry.get("ambassador.config.generation").gauge().value();
    }

    private double changes(String result) {
        return registry.get("ambassador.config.changes")
                .tag("result", result)
                .counter()
                .count();
    }

    @Test
    void nobodyIsRefusedWhileAServiceChanges() throws Exception {
        List<String> failures = new CopyOnWriteArrayList<>();
        AtomicInteger served = new AtomicInteger();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> clients = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                clients.add(threads.submit(() -> {
                    while (!Thread.currentThread().isInterrupted() && ambassador.generation() < 60) {
                        try (Socket client = client()) {
                            echoes(client);
                            served.incrementAndGet();
                        } catch (IOException e) {
                            failures.add(e.toString());
                        }
                    }
                }));
            }
            for (int i = 0; i < 60; i++) {
                int round = i;
                EndpointSource source = round % 3 == 0 ? known(one.port(), two.port()) : known(two.port());
                ambassador.apply(List.of(service(
                        round % 2 == 0 ? "echo" : "other",
                        s -> s.limits(maxConnections(1_000 + round)).discover(source))));
            }
            for (Future<?> client : clients) {
                client.get();
            }
        } finally {
            threads.shutdownNow();
        }
        assertEquals(List.of(), failures);
        assertTrue(served.get() > 0);
    }

    @Test
    void aListenerPassesFromOneServiceToAnother() throws Exception {
        try (Socket before = client()) {
            echoes(before);
            ChangePlan plan = ambassador.apply(List.of(elsewhere("new", port, known(two.port()))));

            assertEquals(
                    List.of(new ChangePlan.ListenerChange("127.0.0.1:" + port, "new", ChangePlan.Kind.CHANGED)),
                    plan.listeners());
            try (Socket after = client()) {
                echoes(after);
                assertEquals(1, two.open());
            }
        }
    }

    @Test
    void aServiceComesAndGoes() throws Exception {
        int second = Ports.free();
        ambassador.apply(List.of(service("echo", s -> {}), elsewhere("second", second, known(two.port()))));
        try (Socket client = connect(ambassador.address("second"))) {
            echoes(client);

            ambassador.apply(List.of(service("echo", s -> {})));

            assertFalse(Ports.accepts(second));
            echoes(client);
            assertThrows(IllegalArgumentException.class, () -> ambassador.addresses("second"));
            assertEquals(
                    1,
                    registry.get("ambassador.connections.active")
                            .tag("service", "second")
                            .gauge()
                            .value());
        }
        await().atMost(PATIENCE).untilAsserted(() -> assertEquals(List.of(), meters("second")));
    }

    @Test
    void connectionsOfAServiceThatIsGoneEndAtTheDrainTimeout() throws Exception {
        try (Socket client = client()) {
            echoes(client);

            ambassador.apply(List.of(elsewhere("second", 0, known(two.port()))));

            assertThrows(SocketException.class, () -> client.getInputStream().read());
        }
        await().atMost(PATIENCE).untilAsserted(() -> assertEquals(List.of(), meters("echo")));
    }

    @Test
    void aServiceThatComesBackFindsItsConnectionsAndCounts() throws Exception {
        ServiceSpec patient = service("echo", s -> s.onChange(draining(Duration.ofSeconds(2))));
        ambassador.apply(List.of(patient));
        try (Socket client = client()) {
            echoes(client);
            ambassador.apply(List.of(elsewhere("second", 0, known(two.port()))));
            ambassador.apply(List.of(patient));

            assertEquals(1, status("echo").activeConnections());
            await().pollDelay(Duration.ofSeconds(3)).atMost(PATIENCE).untilAsserted(() -> echoes(client));
            assertEquals(1, status("echo").openedConnections());
            try (Socket another = client()) {
                echoes(another);
            }
            assertEquals(2, status("echo").openedConnections());
            assertEquals(
                    2,
                    registry.get("ambassador.connections.opened").tag("service", "echo").functionCounters().stream()
                            .mapToDouble(counter -> counter.count())
                            .sum());
        }
    }

    private List<String> meters(String service) {
        return registry.getMeters().stream()
                .filter(meter -> service.equals(meter.getId().getTag("service")))
                .map(meter -> meter.getId().toString())
                .toList();
    }

    @Test
    void allOrNothing() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket client = client()) {
            echoes(client);
            int free = Ports.free();
            ConfigurationException failure = assertThrows(
                    ConfigurationException.class,
                    () -> ambassador.apply(List.of(
                            service("echo", s -> s.limits(maxConnections(1))),
                            elsewhere("good", free, known(two.port())),
                            elsewhere("late", taken.getLocalPort(), known(two.port())),
                            Ambassador.describe(
                                    "blind",
                                    s -> s.listen("127.0.0.1", 0)
                                            .discover(toOne)
                                            .tls(new TlsSpec("localhost", Path.of("/no/such/ca.pem"), null, null))))));

            assertEquals(2, failure.problems().size(), failure::getMessage);
            assertTrue(
                    failure.getMessage().contains("services.late: cannot listen on 127.0.0.1:" + taken.getLocalPort()));
            assertTrue(failure.getMessage().contains("services.blind.tls.ca: /no/such/ca.pem does not exist"));
            assertEquals(1, ambassador.generation());
            assertEquals(1, changes("rejected"));
            assertFalse(Ports.accepts(free));
            assertEquals(
                    List.of("echo"),
                    ambassador.specs().stream().map(ServiceSpec::name).toList());
            assertEquals(List.of(), meters("good"));
            echoes(client);
            try (Socket another = client()) {
                echoes(another);
            }
        }
    }

    @Test
    void anAddressThatOverlapsWithTheOneBeforeTakesItsPlace() throws Exception {
        ServiceSpec everywhere =
                Ambassador.describe("echo", s -> s.listen("*:" + port).discover(toOne));
        try (Socket client = client()) {
            echoes(client);

            ambassador.apply(List.of(everywhere));

            echoes(client);
            assertEquals("[/0.0.0.0:" + port + "]", ambassador.addresses("echo").toString());
            try (Socket another = client()) {
                echoes(another);
            }
            ambassador.apply(List.of(service("echo", s -> {})));
            try (Socket another = client()) {
                echoes(another);
            }
        }
    }

    @Test
    void whatWasClosedToMakeRoomIsOpenAgainIfThatFails() throws Exception {
        try (ServerSocket taken = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.2"))) {
            ServiceSpec everywhere =
                    Ambassador.describe("echo", s -> s.listen("*:" + port).discover(toOne));

            ConfigurationException failure =
                    assertThrows(ConfigurationException.class, () -> ambassador.apply(List.of(everywhere)));

            assertTrue(failure.getMessage().contains("0.0.0.0:" + port), failure::getMessage);
            assertEquals(1, ambassador.generation());
            try (Socket client = client()) {
                echoes(client);
            }
            assertFalse(taken.isClosed());
        }
    }

    @Test
    void anAddressIsForOneServiceAlone() throws Exception {
        ConfigurationException failure = assertThrows(
                ConfigurationException.class,
                () -> ambassador.apply(
                        List.of(service("echo", s -> {}), elsewhere("second", port, known(two.port())))));

        assertEquals(
                "services.second.listen: 127.0.0.1:" + port
                        + " is also services.echo.listen. Give one of them another address",
                failure.getMessage());
        try (Socket client = client()) {
            echoes(client);
            assertEquals(1, one.open());
        }
    }

    @Test
    void portsThatWereGivenStay() throws Exception {
        ambassador.apply(
                List.of(elsewhere("free", 0, known(two.port())), service("echo", s -> s.listen("127.0.0.1", 0))));
        List<SocketAddress> given = ambassador.addresses("echo");

        ambassador.apply(List.of(
                elsewhere("free", 0, known(two.port())),
                service("echo", s -> s.listen("127.0.0.1", 0).limits(maxConnections(9)))));

        assertEquals(2, given.size());
        assertEquals(given, ambassador.addresses("echo"));
    }

    @Test
    void checkingChangesNothing() throws Exception {
        int free = Ports.free();
        ChangePlan plan = ambassador.check(() ->
                List.of(service("echo", s -> s.limits(maxConnections(5))), elsewhere("good", free, known(two.port()))));

        assertEquals(
                "service echo changed (limits.max-connections, limits.user-timeout); service good added;"
                        + " listener 127.0.0.1:" + free + " added",
                plan.toString());
        assertEquals(1, ambassador.generation());
        assertFalse(Ports.accepts(free));
        assertEquals(LimitsSpec.DEFAULT, ambassador.specs().get(0).limits());
    }

    @Test
    void connectionsFromBeforeCountAgainstANewLimit() throws Exception {
        try (Socket first = client();
                Socket second = client()) {
            echoes(first);
            echoes(second);
            ambassador.apply(List.of(service("echo", s -> s.limits(maxConnections(2)))));

            assertThrows(SocketException.class, () -> {
                try (Socket third = client()) {
                    echoes(third);
                }
            });
            echoes(first);
            first.close();
            await().atMost(PATIENCE).untilAsserted(() -> {
                try (Socket third = client()) {
                    echoes(third);
                }
            });
        }
    }

    @Test
    void endpointsThatBothSourcesNameKeepTheirConnections() throws Exception {
        try (Socket client = client()) {
            echoes(client);
            ambassador.apply(List.of(replaced(known(one.port(), two.port()))));
            await().atMost(PATIENCE)
                    .untilAsserted(
                            () -> assertEquals(2, status("echo").endpoints().size()));
            echoes(client);

            ambassador.apply(List.of(replaced(known(two.port()))));

            assertThrows(SocketException.class, () -> client.getInputStream().read());
        }
    }

    private ServiceSpec replaced(EndpointSource source) throws ConfigurationException {
        return Ambassador.describe(
                "echo", s -> s.listen("127.0.0.1", port).discover(source).onChange(draining(Duration.ofMillis(200))));
    }

    @Test
    void aSourceThatCannotBeAskedTakesNothingAway() throws Exception {
        ambassador.apply(List.of(replaced(listener -> {
            listener.onState(new EndpointState.Unreachable(new DiscoveryException("the registry is away")));
            return () -> {};
        })));

        await().atMost(PATIENCE).until(() -> status("echo").sources().get(0).stale());
        try (Socket client = client()) {
            echoes(client);
        }
    }

    @Test
    void aSourceThatSaysThatThereIsNothingIsNotBelievedAtOnce() throws Exception {
        ambassador.apply(List.of(replaced(known())));

        await().atMost(PATIENCE)
                .until(() -> status("echo").sources().get(0).state().equals("known"));
        try (Socket client = client()) {
            echoes(client);
        }
    }

    @Test
    void aFaultInTheNewWayOfProbingEndsNoConnection() throws Exception {
        try (Socket client = client()) {
            echoes(client);
            HealthSpec eager = new HealthSpec(
                    HealthSpec.DEFAULT.probe(),
                    Duration.ofMillis(50),
                    Duration.ofSeconds(1),
                    1,
                    1,
                    0.5,
                    Duration.ZERO,
                    HealthSpec.Outlier.DEFAULT);
            HealthSpec probing = eager.withProbe(
                    Ambassador.describe("x", s -> s.discover(toOne)).health().probe());
            ambassador.apply(List.of(
                    service("echo", s -> s.health(probing).tls(new TlsSpec("localhost", null, null, null)))));

            await().atMost(PATIENCE)
                    .until(() -> status("echo").endpoints().get(0).health() == ServiceStatus.Health.UNHEALTHY);
            echoes(client);

            ambassador.apply(List.of(service("echo", s -> s.health(probing))));
            await().atMost(PATIENCE)
                    .until(() -> status("echo").endpoints().get(0).health() == ServiceStatus.Health.HEALTHY);
            echoes(client);
            one.close();
            assertThrows(IOException.class, () -> {
                if (client.getInputStream().read() < 0) {
                    throw new IOException("end");
                }
            });
        }
    }

    @Test
    void nothingChangesOnceItDrains() throws Exception {
        ambassador.drain();

        assertThrows(
                AmbassadorException.class, () -> ambassador.apply(List.of(elsewhere("second", 0, known(two.port())))));
        assertEquals(1, ambassador.generation());
        assertNull(registry.find("ambassador.connections.active")
                .tag("service", "second")
                .gauge());
    }
}
