package io.ambassador;

import static io.ambassador.AmbassadorTest.connect;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ambassador.service.OnChangeSpec;
import io.ambassador.service.OnChangeSpec.Action;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.testkit.EchoServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What is told of connections that end because their endpoint goes. */
class RemovedEndpointTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** An endpoint's meters go with it, so that nobody would ever read what they counted last. */
    @Test
    void endsAreCountedWhereTheyCanBeRead() throws Exception {
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        AtomicReference<Consumer<EndpointState>> discovery = new AtomicReference<>();
        try (EchoServer one = EchoServer.start();
                EchoServer other = EchoServer.start();
                Ambassador ambassador = Ambassador.builder()
                        .meterRegistry(meters)
                        .service(
                                "echo",
                                s -> s.listen("127.0.0.1", 0)
                                        .onChange(new OnChangeSpec(Action.CLOSE, Action.CLOSE, Action.CLOSE, PATIENCE))
                                        .discover(listener -> {
                                            discovery.set(listener::onState);
                                            listener.onState(known(one.port()));
                                            return () -> {};
                                        }))
                        .start();
                Socket client = connect(ambassador.address("echo"))) {
            client.setSoTimeout(30_000);
            client.getOutputStream().write(7);
            assertEquals(7, client.getInputStream().read());

            discovery.get().accept(known(other.port()));

            assertThrows(SocketException.class, () -> client.getInputStream().read());
            await().atMost(PATIENCE)
                    .until(() -> meters.find("ambassador.connections.opened")
                                    .tag("endpoint", "127.0.0.1:" + one.port())
                                    .functionCounter()
                            == null);
            assertEquals(
                    1,
                    meters.get("ambassador.connections.closed")
                            .tags("endpoint", "", "reason", "removed")
                            .counter()
                            .count());
        }
    }

    private static EndpointState known(int port) {
        return new EndpointState.Known(Set.of(Endpoint.of("127.0.0.1", port)));
    }
}
