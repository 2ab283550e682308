package io.ambassador;

import static io.ambassador.AmbassadorTest.connect;
import static io.ambassador.AmbassadorTest.known;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.explain.ConnectionRecord;
import io.ambassador.explain.EndReason;
import io.ambassador.explain.Observer;
import io.ambassador.service.OnChangeSpec;
import io.ambassador.service.OnChangeSpec.Action;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.testkit.EchoServer;
import java.io.Closeable;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of open connections when the ambassador stops. */
class DrainingTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final List<ConnectionRecord> ended = new CopyOnWriteArrayList<>();
    private EchoServer echo;

    @BeforeEach
    void start() {
        echo = EchoServer.start();
    }

    @AfterEach
    void stop() {
        echo.close();
    }

    private Ambassador.Builder.Definition service(EndpointSource source, Duration drainTimeout) {
        return s -> s.listen("127.0.0.1", 0)
                .discover(source)
                .onChange(new OnChangeSpec(Action.DRAIN, Action.CLOSE, Action.CLOSE, drainTimeout));
    }

    private static void exchange(Socket socket) throws IOException {
        socket.setSoTimeout(30_000);
        socket.getOutputStream().write(7);
        assertEquals(7, socket.getInputStream().read());
    }

    private static Socket open(Ambassador ambassador, String service) throws IOException {
        Socket socket = connect(ambassador.address(service));
        exchange(socket);
        return socket;
    }

    private void note(Ambassador ambassador) {
        ambassador.observe(new Observer() {
            @Override
            public void connectionEnded(ConnectionRecord connection) {
                ended.add(connection);
            }
        });
    }

    private long count(String service, EndReason reason) {
        return ended.stream()
                .filter(record -> record.service().equals(service) && record.reason() == reason)
                .count();
    }

    @Test
    void eachServiceHasItsOwnDeadlineAndLosesWhatIsOpenThen() throws Exception {
        List<Socket> sockets = new ArrayList<>();
        try (Ambassador ambassador = Ambassador.builder()
                        .service("hasty", service(known(echo.port()), Duration.ofSeconds(2)))
                        .service("patient", service(known(echo.port()), Duration.ofMinutes(10)))
                        .start();
                Closeable all = () -> close(sockets)) {
            note(ambassador);
            for (int i = 0; i < 10; i++) {
                sockets.add(open(ambassador, "hasty"));
                sockets.add(open(ambassador, "patient"));
            }
            long began = System.nanoTime();
            CompletableFuture<Void> closing = CompletableFuture.runAsync(ambassador::close);
            for (int i = 0; i < 6; i++) { // three of each end by themselves
                sockets.get(i).shutdownOutput();
                assertEquals(-1, sockets.get(i).getInputStream().read());
            }

            await().atMost(PATIENCE).until(() -> count("hasty", EndReason.SHUTDOWN) == 7);
            long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
            assertTrue(millis >= 2_000, millis + " ms");
            for (int i = 6; i < 20; i++) {
                Socket socket = sockets.get(i);
                if (i % 2 == 0) {
                    assertThrows(
                            IOException.class, () -> socket.getInputStream().read(), "an end that looks complete");
                } else {
                    exchange(socket);
                }
            }

            close(sockets);
            closing.get(30, TimeUnit.SECONDS);
            assertEquals(3, count("hasty", EndReason.COMPLETED));
            assertEquals(7, count("hasty", EndReason.SHUTDOWN));
            assertEquals(0, count("patient", EndReason.SHUTDOWN));
            assertEquals(20, ended.size());
            assertNotNull(all);
        }
    }

    private static void close(List<Socket> sockets) throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    @Test
    void whoStillWaitsForABackendIsCutToo() throws Exception {
        EndpointSource silent = listener -> () -> {};
        try (Ambassador ambassador = Ambassador.builder()
                        .service("silent", service(silent, Duration.ofMillis(100)))
                        .start();
                Socket waiting = connect(ambassador.address("silent"))) {
            note(ambassador);
            await().until(() -> ambassador.services().get(0).activeConnections() == 1);

            ambassador.close();

            assertThrows(IOException.class, () -> waiting.getInputStream().read());
            assertEquals(1, count("silent", EndReason.SHUTDOWN));
        }
    }

    @Test
    void withoutConnectionsThereIsNothingToWaitFor() throws Exception {
        Ambassador ambassador = Ambassador.builder()
                .service("patient", service(known(echo.port()), Duration.ofMinutes(10)))
                .start();
        open(ambassador, "patient").close();

        CompletableFuture.runAsync(ambassador::close).get(30, TimeUnit.SECONDS);
    }

    @Test
    void withoutPatienceItIsOverAtOnce() throws Exception {
        try (Ambassador ambassador = Ambassador.builder()
                        .service("hasty", service(known(echo.port()), Duration.ZERO))
                        .start();
                Socket socket = open(ambassador, "hasty")) {
            note(ambassador);

            CompletableFuture.runAsync(ambassador::close).get(30, TimeUnit.SECONDS);

            assertThrows(IOException.class, () -> socket.getInputStream().read());
            assertEquals(1, count("hasty", EndReason.SHUTDOWN));
        }
    }

    @Test
    void whoeverIsInterruptedWhileItClosesWaitsNoLonger() throws Exception {
        Ambassador ambassador = Ambassador.builder()
                .service("patient", service(known(echo.port()), Duration.ofMinutes(10)))
                .start();
        try (Socket socket = open(ambassador, "patient")) {
            Thread closing = new Thread(ambassador::close, "closing");
            closing.start();
            await().until(() -> ambassador.recentEvents().stream()
                    .anyMatch(event -> event.kind() == io.ambassador.explain.EventKind.DRAINING));

            closing.interrupt();

            closing.join(30_000);
            assertTrue(!closing.isAlive());
            assertThrows(IOException.class, () -> socket.getInputStream().read());
        }
    }
}
