package io.ambassador.upstream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ambassador.Ambassador;
import io.ambassador.ServiceBuilder;
import io.ambassador.service.HealthSpec;
import io.ambassador.service.ServiceStatus;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointState;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;

/** An ambassador in front of servers that speak {@link LineProtocol}; afterwards each session must have ended once. */
abstract class LineTest {
    interface Definition {
        void define(ServiceBuilder service) throws ConfigurationException;
    }

    static final Duration PATIENCE = Duration.ofSeconds(20);

    final LineProtocol protocol = new LineProtocol();
    final TestSecret secret = new TestSecret("s3cret");
    final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    Ambassador ambassador;

    @AfterEach
    void everySessionHasEndedOnce() {
        if (ambassador != null) {
            ambassador.close();
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertEquals(protocol.opened.get(), protocol.ended.get(), "sessions ended"));
            assertEquals(0, protocol.endedTwice.get());
        }
    }

    void serve(Definition definition, Endpoint... endpoints) throws Exception {
        ambassador = Ambassador.builder()
                .meterRegistry(meters)
                .eventLoops(1)
                .service("line", s -> {
                    s.listen("127.0.0.1", 0)
                            .protocol(protocol, new LineProtocol.Config())
                            .credentials(secret.credentials("app"))
                            .health(HealthSpec.DEFAULT);
                    if (endpoints.length > 0) {
                        s.discover(known(endpoints));
                    }
                    definition.define(s);
                })
                .start();
        await().atMost(PATIENCE).until(ambassador::isReady);
    }

    void serve(Endpoint... endpoints) throws Exception {
        serve(s -> {}, endpoints);
    }

    static EndpointSource known(Endpoint... endpoints) {
        return listener -> {
            listener.onState(new EndpointState.Known(new LinkedHashSet<>(Arrays.asList(endpoints))));
            return () -> {};
        };
    }

    Socket connect() throws IOException {
        Socket socket = new Socket();
        socket.connect(ambassador.address("line"), 5_000);
        socket.setSoTimeout(20_000);
        socket.setTcpNoDelay(true);
        return socket;
    }

    static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(UTF_8));
    }

    static String read(Socket socket, int bytes) throws IOException {
        return new String(socket.getInputStream().readNBytes(bytes), UTF_8);
    }

    ServiceStatus status() {
        return ambassador.services().get(0);
    }

    double closed(String reason) {
        return meters.find("ambassador.connections.closed").tag("reason", reason).counters().stream()
                .mapToDouble(counter -> counter.count())
                .sum();
    }

    static void waitFor(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}
