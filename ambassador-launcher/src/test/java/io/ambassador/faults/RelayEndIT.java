package io.ambassador.faults;

import static io.ambassador.faults.Running.WITHOUT_PROBES;
import static io.ambassador.faults.Running.report;
import static io.ambassador.faults.Running.status;
import static io.ambassador.testkit.Timing.assertWithin;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.service.LimitsSpec;
import io.ambassador.service.RelayMode;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.testkit.FaultRelay;
import io.ambassador.testkit.FaultRelay.Direction;
import io.ambassador.testkit.StreamPeer;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How connections end, as the other side sees it, and what a slow side costs, however bytes are moved. */
@ParameterizedClass
@EnumSource
class RelayEndIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int ROUNDS = Integer.getInteger("relay.resets", 100);

    /** Who resets, stalls or reads slowly. */
    enum Side {
        CLIENT,
        BACKEND
    }

    @Parameter
    private RelayMode mode;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
    private ServerSocket server;
    private Ambassador ambassador;

    @BeforeEach
    void start() throws Exception {
        server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void stop() throws Exception {
        if (ambassador != null) {
            ambassador.close();
        }
        server.close();
        timer.shutdownNow();
        threads.shutdownNow();
        assertTrue(threads.awaitTermination(10, TimeUnit.SECONDS));
    }

    /** A client and the backend it reached. */
    private record Pair(Socket client, Socket backend) implements AutoCloseable {
        Socket at(Side side) {
            return side == Side.CLIENT ? client : backend;
        }

        Socket opposite(Side side) {
            return side == Side.CLIENT ? backend : client;
        }

        @Override
        public void close() throws IOException {
            client.close();
            backend.close();
        }
    }

    private void ambassador(LimitsSpec limits, int port) throws Exception {
        ambassador = Ambassador.builder()
                .service(
                        "stream",
                        s -> s.listen("127.0.0.1", 0)
                                .relay(mode)
                                .health(WITHOUT_PROBES)
                                .limits(limits)
                                .discover(ManualSource.of(Endpoint.of("127.0.0.1", port))))
                .start();
        await().atMost(PATIENCE).until(ambassador::isReady);
    }

    private Pair connect() throws IOException {
        Socket client = new Socket();
        client.connect(ambassador.address("stream"), 10_000);
        client.setSoTimeout(20_000);
        Socket backend = server.accept();
        backend.setSoTimeout(20_000);
        return new Pair(client, backend);
    }

    private static void reset(Socket socket) throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @ParameterizedTest
    @EnumSource
    void aResetArrivesAsAResetAfterWhatCameBefore(Side resetting) throws Exception {
        ambassador(LimitsSpec.DEFAULT, server.getLocalPort());
        Random random = new Random(1);
        long slowest = 0;
        for (int round = 0; round < ROUNDS; round++) {
            byte[] sent = new byte[random.nextInt(300_000)];
            random.nextBytes(sent);
            long carried = carried(resetting);
            try (Pair pair = connect()) {
                Socket from = pair.at(resetting);
                ByteArrayOutputStream received = new ByteArrayOutputStream();
                Future<IOException> end = threads.submit(() -> readToEnd(pair.opposite(resetting), received));
                from.getOutputStream().write(sent);
                await().pollInterval(Duration.ofMillis(1))
                        .pollDelay(Duration.ZERO)
                        .until(() -> carried(resetting) - carried == sent.length); // else the kernel drops the rest
                long began = System.nanoTime();
                reset(from);
                IOException how = end.get(20, TimeUnit.SECONDS);
                slowest = Math.max(slowest, System.nanoTime() - began);
                assertTrue(how instanceof SocketException && how.getMessage().contains("reset"), "ended with " + how);
                assertArrayEquals(sent, received.toByteArray());
            }
        }
        report("%d resets by the %s: slowest %d ms", ROUNDS, resetting, slowest / 1_000_000);
        assertWithin(Duration.ofSeconds(1), slowest / 1_000_000);
        await().atMost(PATIENCE).until(() -> status(ambassador).activeConnections() == 0);
    }

    /** Half a second of grace, not a promise for ever: a peer that does not read is reset all the same. */
    @ParameterizedTest
    @EnumSource
    void aResetReachesAPeerThatDoesNotRead(Side resetting) throws Exception {
        ambassador(LimitsSpec.DEFAULT, server.getLocalPort());
        try (Pair pair = connect()) {
            Socket from = pair.at(resetting);
            Socket to = pair.opposite(resetting);
            Future<?> writing = threads.submit(() -> {
                byte[] chunk = new byte[64 * 1024];
                while (!from.isClosed()) {
                    from.getOutputStream().write(chunk);
                }
                return null;
            });
            awaitStandstill(resetting);
            long began = System.nanoTime();
            reset(from);
            // Its own writes tell, without reading.
            await().atMost(PATIENCE).pollInterval(Duration.ofMillis(10)).until(() -> {
                try {
                    to.getOutputStream().write(1);
                    return false;
                } catch (IOException e) {
                    return true;
                }
            });
            long millis = (System.nanoTime() - began) / 1_000_000;
            report("reset by the %s past a peer that does not read: %d ms", resetting, millis);
            assertWithin(Duration.ofSeconds(1), millis);
            assertThrows(Exception.class, () -> writing.get(10, TimeUnit.SECONDS));
        }
    }

    @ParameterizedTest
    @EnumSource
    void anEndOfDataIsNotTakenForAResetNorAResetForAnEnd(Side finishing) throws Exception {
        ambassador(LimitsSpec.DEFAULT, server.getLocalPort());
        for (int round = 0; round < 100; round++) {
            try (Pair pair = connect()) {
                Socket from = pair.at(finishing);
                Socket to = pair.opposite(finishing);
                from.getOutputStream().write(1);
                from.shutdownOutput();
                assertEquals(1, to.getInputStream().read());
                assertEquals(-1, to.getInputStream().read());
                // The other way goes on after the half-close, and may still end either way.
                to.getOutputStream().write(2);
                assertEquals(2, from.getInputStream().read());
                if (round % 2 == 0) {
                    to.shutdownOutput();
                    assertEquals(-1, from.getInputStream().read());
                } else {
                    reset(to);
                    assertThrows(
                            SocketException.class, () -> from.getInputStream().read());
                }
            }
        }
        await().atMost(PATIENCE).until(() -> status(ambassador).activeConnections() == 0);
    }

    @Test
    void anIdleConnectionIsClosedAtItsTimeoutAndNotBefore() throws Exception {
        Duration idle = Duration.ofMillis(1_500);
        ambassador(Running.limits().idleTimeout(idle).build(), server.getLocalPort());
        try (Pair pair = connect();
                Pair busy = connect()) {
            // A byte one way now and then is enough.
            AtomicInteger next = new AtomicInteger();
            Future<?> trickle = timer.scheduleAtFixedRate(
                    () -> {
                        try {
                            busy.backend().getOutputStream().write(next.getAndIncrement());
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    },
                    0,
                    250,
                    TimeUnit.MILLISECONDS);
            pair.client().getOutputStream().write(1);
            assertEquals(1, pair.backend().getInputStream().read());
            long last = System.nanoTime();
            IOException how = assertThrows(
                    IOException.class, () -> pair.client().getInputStream().read());
            long millis = (System.nanoTime() - last) / 1_000_000;
            assertTrue(how.getMessage().contains("reset"), how.toString());
            assertThrows(
                    IOException.class, () -> pair.backend().getInputStream().read());
            report("idle timeout of 1500 ms: closed after %d ms", millis);
            assertTrue(millis >= 1_400, millis + " ms");
            assertWithin(idle, Duration.ofSeconds(2), millis);

            await().atMost(PATIENCE).until(() -> next.get() >= 16);
            assertTrue(trickle.cancel(false));
            for (int i = 0; i < 16; i++) {
                assertEquals(i, busy.client().getInputStream().read());
            }
        }
    }

    /** Data that nobody reads waits in the kernel's buffers and with the sender, not in the process. */
    @ParameterizedTest
    @EnumSource
    void aSideThatDoesNotReadHoldsItsPeerBackAndNoMemory(Side slow) throws Exception {
        ambassador(LimitsSpec.DEFAULT, server.getLocalPort());
        long length = 50_000_000;
        long before = PooledByteBufAllocator.DEFAULT.pinnedDirectMemory();
        try (Pair pair = connect()) {
            Future<?> sending = threads.submit(() -> {
                StreamPeer.send(pair.opposite(slow), 11, length);
                return null;
            });
            Side sender = slow == Side.CLIENT ? Side.BACKEND : Side.CLIENT;
            long passed = awaitStandstill(sender);
            long held = PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() - before;
            report("%s does not read: %d bytes went past, %d KiB held", slow, passed, held / 1024);
            assertTrue(passed < length, "all went past");
            assertTrue(held <= 512 * 1024, held + " bytes held");
            assertEquals(length, StreamPeer.receive(pair.at(slow)));
            sending.get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void bytesArriveWholeOverLinesThatSliceAndDelay() throws Exception {
        try (FaultRelay line = FaultRelay.to(server.getLocalPort())
                .slice(Direction.TO_CLIENT, 701)
                .latency(Direction.TO_SERVER, Duration.ofMillis(30))) {
            ambassador(LimitsSpec.DEFAULT, line.port());
            try (FaultRelay near = FaultRelay.to(ambassador.address("stream"))
                    .slice(Direction.TO_SERVER, 499)
                    .bandwidth(Direction.TO_CLIENT, 400_000)) {
                try (Socket client = new Socket()) {
                    client.connect(new InetSocketAddress("127.0.0.1", near.port()), 10_000);
                    client.setSoTimeout(60_000);
                    Socket backend = server.accept();
                    backend.setSoTimeout(60_000);
                    Future<?> serving = threads.submit(() -> {
                        StreamPeer.exchange(backend, 3, 300_000, threads);
                        return null;
                    });
                    StreamPeer.exchange(client, 4, 300_000, threads);
                    serving.get(60, TimeUnit.SECONDS);
                    backend.close();
                }
            }
        }
    }

    /** Bytes the ambassador has read from {@code side} and written on. */
    private long carried(Side side) {
        return side == Side.CLIENT
                ? status(ambassador).bytesToBackend()
                : status(ambassador).bytesToClient();
    }

    /** Waits until {@code sender}'s bytes move no more. @return how many did */
    private long awaitStandstill(Side sender) {
        long[] last = {-1};
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(700)).until(() -> {
            long now = carried(sender);
            boolean still = now > 0 && now == last[0];
            last[0] = now;
            return still;
        });
        return last[0];
    }

    /** Reads until there is no more. @return how that was told; {@code null} for an orderly end */
    private static IOException readToEnd(Socket socket, ByteArrayOutputStream into) {
        try {
            InputStream in = socket.getInputStream();
            byte[] buffer = new byte[64 * 1024];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                into.write(buffer, 0, read);
            }
            return null;
        } catch (IOException e) {
            return e;
        }
    }
}
