package io.ambassador;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.AmbassadorException;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.testkit.EchoServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AmbassadorTest {
    @Test
    void relaysBetweenAClientAndADiscoveredEndpoint() throws Exception {
        try (EchoServer echo = EchoServer.start();
                Ambassador ambassador = Ambassador.builder()
                        .service("echo", s -> s.listen("127.0.0.1", 0).discover(known(echo.port())))
                        .start()) {
            await().until(ambassador::isReady);
            try (Socket client = connect(ambassador.address("echo"))) {
                client.getOutputStream().write("hello".getBytes(StandardCharsets.UTF_8));
                client.shutdownOutput();
                assertArrayEquals(
                        "hello".getBytes(StandardCharsets.UTF_8),
                        client.getInputStream().readAllBytes());
            }
            await().untilAsserted(
                            () -> assertEquals(0, ambassador.services().get(0).activeConnections()));
            assertEquals(5, ambassador.services().get(0).bytesToBackend());
            assertEquals(5, ambassador.services().get(0).bytesToClient());
        }
    }

    @Test
    void resetsAClientThatNoEndpointCanServe() throws Exception {
        try (Ambassador ambassador = Ambassador.builder()
                .service("nothing", s -> s.listen("127.0.0.1", 0).discover(known()))
                .start()) {
            assertThrows(
                    SocketException.class,
                    () -> { // perhaps before connecting has returned
                        try (Socket client = connect(ambassador.address("nothing"))) {
                            client.getInputStream().read();
                        }
                    });
        }
    }

    @Test
    void aClientThatComesBeforeDiscoveryAnswersWaitsForIt() throws Exception {
        CompletableFuture<EndpointSource.Listener> watched = new CompletableFuture<>();
        try (EchoServer echo = EchoServer.start();
                Ambassador ambassador = Ambassador.builder()
                        .service(
                                "late",
                                s -> s.listen("127.0.0.1", 0).discover(listener -> {
                                    watched.complete(listener);
                                    return () -> {};
                                }))
                        .start();
                Socket client = connect(ambassador.address("late"))) {
            client.getOutputStream().write('x');
            await().untilAsserted(
                            () -> assertEquals(1, ambassador.services().get(0).activeConnections()));

            watched.get(5, TimeUnit.SECONDS)
                    .onState(new EndpointState.Known(Set.of(Endpoint.of("127.0.0.1", echo.port()))));

            assertEquals('x', client.getInputStream().read());
        }
    }

    @Test
    void servesAUnixSocketThatOnlyItsOwnerMayOpenAndRemovesIt(@TempDir Path directory) throws Exception {
        Path socket = directory.resolve("echo.sock");
        try (EchoServer echo = EchoServer.start();
                Ambassador ambassador = Ambassador.builder()
                        .service("echo", s -> s.listen("unix:" + socket).discover(known(echo.port())))
                        .start()) {
            assertEquals(List.of(UnixDomainSocketAddress.of(socket)), ambassador.addresses("echo"));
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
            try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
                client.write(ByteBuffer.wrap(new byte[] {7}));
                ByteBuffer answer = ByteBuffer.allocate(1);
                assertEquals(1, client.read(answer));
                assertEquals(7, answer.get(0));
            }
        }
        try (Stream<Path> left = Files.list(directory)) {
            assertEquals(List.of(), left.toList());
        }
    }

    @Test
    void releasesEveryPortAndThreadWhenOneListenerCannotBeBound() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int free;
            try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                free = probe.getLocalPort();
            }
            AmbassadorException failure = assertThrows(
                    AmbassadorException.class,
                    () -> Ambassador.builder()
                            .service("first", s -> s.listen("127.0.0.1", free).discover(known(1)))
                            .service(
                                    "second",
                                    s -> s.listen("127.0.0.1", taken.getLocalPort())
                                            .discover(known(1)))
                            .start());
            assertTrue(failure.getMessage().contains("services.second"), failure.getMessage());
            assertTrue(failure.getMessage().contains(":" + taken.getLocalPort()), failure.getMessage());
            new ServerSocket(free, 1, InetAddress.getLoopbackAddress()).close();
            awaitNoThreads();
        }
    }

    @Test
    void leavesNoThreadBehindWhenClosed() throws Exception {
        try (EchoServer echo = EchoServer.start()) {
            Ambassador ambassador = Ambassador.builder()
                    .service("echo", s -> s.listen("127.0.0.1", 0).discover(known(echo.port())))
                    .start();
            await().until(ambassador::isReady);
            try (Socket client = connect(ambassador.address("echo"))) {
                client.getOutputStream().write(1);
                assertEquals(1, client.getInputStream().read());
            }
            ambassador.close();
            ambassador.close();
            awaitNoThreads();
        }
    }

    static EndpointSource known(int... ports) {
        Set<Endpoint> endpoints = java.util.Arrays.stream(ports)
                .mapToObj(port -> Endpoint.of("127.0.0.1", port))
                .collect(java.util.stream.Collectors.toSet());
        return listener -> {
            listener.onState(new EndpointState.Known(endpoints));
            return () -> {};
        };
    }

    static Socket connect(InetSocketAddress address) throws IOException {
        Socket socket = new Socket();
        socket.connect(address, 2_000);
        socket.setSoTimeout(10_000);
        return socket;
    }

    private static void awaitNoThreads() {
        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertEquals(
                        0,
                        Thread.getAllStackTraces().keySet().stream()
                                .filter(thread -> thread.getName().startsWith("ambassador-"))
                                .count()));
    }
}
