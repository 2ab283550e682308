package io.ambassador;

import static io.ambassador.AmbassadorTest.connect;
import static io.ambassador.AmbassadorTest.known;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.explain.Event;
import io.ambassador.service.RelayMode;
import io.ambassador.service.ServiceSpec;
import io.ambassador.service.ServiceStatus;
import io.ambassador.service.ServiceStatus.Health;
import io.ambassador.spi.AmbassadorException;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.testkit.EchoServer;
import io.ambassador.testkit.Ports;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One service or one endpoint taken out by an operator. */
class DrainTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final int port = Ports.free();
    private final CompletableFuture<EndpointSource.Listener> source = new CompletableFuture<>();
    private final EndpointSource told = listener -> {
        source.complete(listener);
        return () -> {};
    };
    private EchoServer one;
    private EchoServer two;
    private Ambassador ambassador;

    @BeforeEach
    void start() throws Exception {
        one = EchoServer.start();
        two = EchoServer.start();
        ambassador = Ambassador.builder().service(spec(RelayMode.AUTO)).start();
        tell(one, two);
        await().atMost(PATIENCE).until(() -> status().endpoints().size() == 2);
    }

    @AfterEach
    void stop() {
        ambassador.close();
        one.close();
        two.close();
    }

    private ServiceSpec spec(RelayMode relay) throws ConfigurationException {
        return Ambassador.describe(
                "echo", s -> s.listen("127.0.0.1", port).discover(told).relay(relay));
    }

    private void tell(EchoServer... servers) throws Exception {
        Set<Endpoint> endpoints =
                Arrays.stream(servers).map(EchoServer::endpoint).collect(Collectors.toSet());
        source.get(10, TimeUnit.SECONDS).onState(new EndpointState.Known(endpoints));
    }

    private ServiceStatus status() {
        return ambassador.services().get(0);
    }

    private Health health(EchoServer server) {
        return status().endpoints().stream()
                .filter(endpoint -> endpoint.endpoint().equals(server.endpoint()))
                .map(ServiceStatus.EndpointStatus::health)
                .findFirst()
                .orElse(null);
    }

    private Socket client() throws IOException {
        return connect(new InetSocketAddress("127.0.0.1", port));
    }

    private static void echoes(Socket client) throws IOException {
        client.getOutputStream().write('x');
        assertEquals('x', client.getInputStream().read());
    }

    private void serves(int clients) throws IOException {
        for (int i = 0; i < clients; i++) {
            try (Socket client = client()) {
                echoes(client);
            }
        }
    }

    @Test
    void aDrainedEndpointGetsNoNewConnectionsAndKeepsThoseItHas() throws Exception {
        try (Socket first = client();
                Socket second = client()) {
            echoes(first);
            echoes(second);
            assertEquals(1, one.open());
            assertEquals(1, two.open());

            ambassador.drainEndpoint("echo", one.endpoint().address());

            assertEquals(Health.DRAINED, health(one));
            int before = one.accepted();
            serves(6);
            echoes(first);
            echoes(second);
            assertEquals(1, one.open());
            ambassador.undrainEndpoint("echo", one.endpoint().address());
            assertEquals(Health.HEALTHY, health(one));
            serves(6);
            assertTrue(one.accepted() - before >= 3, () -> one.accepted() - before + " accepted");
        }
        List<String> events = ambassador.recentEvents().stream()
                .filter(event -> event.subject().equals(one.endpoint().address()))
                .map(Event::kind)
                .map(kind -> kind.word())
                .filter(word -> word.contains("drain"))
                .toList();
        assertEquals(List.of("endpoint-drained", "endpoint-undrained"), events);
    }

    @Test
    void anEndpointStaysDrainedWhenItGoesAndComesBackAndWhenItsServiceChanges() throws Exception {
        ambassador.drainEndpoint("echo", one.endpoint().address());
        tell(two);
        await().atMost(PATIENCE).until(() -> status().endpoints().size() == 1);
        tell(one, two);
        await().atMost(PATIENCE).until(() -> health(one) == Health.DRAINED);

        ambassador.apply(List.of(spec(RelayMode.COPY)));

        assertEquals(Health.DRAINED, health(one));
        tell(two);
        await().atMost(PATIENCE).until(() -> status().endpoints().size() == 1);
        ambassador.undrainEndpoint("echo", one.endpoint().address());
        tell(one, two);
        await().atMost(PATIENCE).until(() -> health(one) == Health.HEALTHY);
    }

    @Test
    void whereEveryEndpointIsDrainedClientsAreRefused() throws Exception {
        ambassador.drainEndpoint("echo", one.endpoint().address());
        ambassador.drainEndpoint("echo", two.endpoint().address());

        assertThrows(SocketException.class, () -> serves(1));
        assertEquals(
                "every endpoint is drained",
                ambassador.recentConnections().get(0).detail());
    }

    @Test
    void whoIsUnknownCannotBeDrained() {
        assertThrows(IllegalArgumentException.class, () -> ambassador.drainEndpoint("echo", "10.0.0.1:1"));
        assertThrows(IllegalArgumentException.class, () -> ambassador.undrainEndpoint("echo", "10.0.0.1:1"));
        assertThrows(
                IllegalArgumentException.class,
                () -> ambassador.drainEndpoint("nosuch", one.endpoint().address()));
        assertThrows(IllegalArgumentException.class, () -> ambassador.drainService("nosuch"));
        assertThrows(IllegalArgumentException.class, () -> ambassador.undrainService("nosuch"));
    }

    @Test
    void aDrainedServiceClosesItsListenersAndKeepsItsConnections() throws Exception {
        try (Socket client = client()) {
            echoes(client);

            ambassador.drainService("echo");
            ambassador.drainService("echo");

            assertFalse(Ports.accepts(port));
            assertTrue(status().drained());
            assertEquals(List.of(), ambassador.addresses("echo"));
            echoes(client);

            ambassador.apply(List.of(spec(RelayMode.COPY)));
            assertFalse(Ports.accepts(port));
            assertTrue(status().drained());
            echoes(client);

            ambassador.undrainService("echo");
            serves(2);
            assertFalse(status().drained());
            echoes(client);
        }
    }

    @Test
    void aServiceWhoseAddressIsTakenMeanwhileStaysDrained() throws Exception {
        ambassador.drainService("echo");
        try (ServerSocket squatter = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            AmbassadorException failure =
                    assertThrows(AmbassadorException.class, () -> ambassador.undrainService("echo"));
            assertTrue(failure.getMessage().contains(":" + port), failure::getMessage);
            assertTrue(status().drained());
            squatter.close();
        }
        ambassador.undrainService("echo");
        serves(1);
    }

    @Test
    void aServiceThatIsRemovedAndAddedIsNoLongerDrained() throws Exception {
        ambassador.drainService("echo");
        ambassador.apply(List.of(
                Ambassador.describe("other", s -> s.listen("127.0.0.1", 0).discover(known(one.port())))));

        ambassador.apply(List.of(spec(RelayMode.AUTO)));

        serves(1);
        assertFalse(status().drained());
    }
}
