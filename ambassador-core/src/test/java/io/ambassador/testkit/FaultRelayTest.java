package io.ambassador.testkit;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.testkit.FaultRelay.Direction;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FaultRelayTest {
    private final EchoServer echo = EchoServer.start();
    private final FaultRelay relay = FaultRelay.to(echo.port());

    @AfterEach
    void close() {
        relay.close();
        echo.close();
    }

    @Test
    void passesBytesAndHalfCloseAndRecordsThem() throws Exception {
        byte[] sent = new byte[5 * 1024 * 1024];
        new Random(1).nextBytes(sent);

        assertArrayEquals(sent, roundTrip(sent));

        assertArrayEquals(sent, relay.recorded(Direction.TO_SERVER));
        assertArrayEquals(sent, relay.recorded(Direction.TO_CLIENT));
        await().untilAsserted(() -> assertEquals(0, relay.open()));
    }

    @Test
    void slicesArriveOneByOne() throws Exception {
        relay.slice(Direction.TO_CLIENT, 3);
        try (Socket client = connect()) {
            client.getOutputStream().write(new byte[30]);
            byte[] buffer = new byte[30];
            int reads = 0;
            for (int got = 0; got < 30; reads++) {
                got += client.getInputStream().read(buffer);
            }
            assertTrue(reads >= 5, "30 bytes in slices of 3 came in " + reads + " reads");
        }
    }

    @Test
    void latencyDelaysEachDirection() throws Exception {
        relay.latency(Direction.TO_SERVER, Duration.ofMillis(150)).latency(Direction.TO_CLIENT, Duration.ofMillis(150));
        long start = System.nanoTime();

        assertArrayEquals(new byte[] {1}, roundTrip(new byte[] {1}));

        assertTrue(System.nanoTime() - start >= Duration.ofMillis(300).toNanos());
    }

    @Test
    void bandwidthIsLimited() throws Exception {
        relay.bandwidth(Direction.TO_SERVER, 100_000);
        long start = System.nanoTime();

        roundTrip(new byte[50_000]);

        assertTrue(System.nanoTime() - start >= Duration.ofMillis(500).toNanos());
    }

    @Test
    void aStalledLinePassesNothingUntilResumed() throws Exception {
        try (Socket client = connect()) {
            client.getOutputStream().write(1);
            assertEquals(1, client.getInputStream().read());
            relay.stall(Direction.TO_CLIENT);
            client.getOutputStream().write(2);
            client.setSoTimeout(200);
            assertThrows(
                    SocketTimeoutException.class, () -> client.getInputStream().read());

            relay.resume(Direction.TO_CLIENT);

            client.setSoTimeout(10_000);
            assertEquals(2, client.getInputStream().read());
        }
    }

    @Test
    void resetReachesBothSides() throws Exception {
        try (Socket client = connect()) {
            client.getOutputStream().write(1);
            assertEquals(1, client.getInputStream().read());

            relay.reset();

            assertThrows(SocketException.class, () -> client.getInputStream().read());
            await().untilAsserted(() -> assertEquals(1, echo.failures().size(), "the server met a reset"));
        }
    }

    @Test
    void aResetOfTheServersReachesTheClient() throws Exception {
        try (Socket client = connect()) {
            client.getOutputStream().write(1);
            assertEquals(1, client.getInputStream().read());

            echo.resetAll();

            assertThrows(SocketException.class, () -> client.getInputStream().read());
        }
    }

    @Test
    void bytesBeforeAResetStillArrive() throws Exception {
        relay.latency(Direction.TO_CLIENT, Duration.ofMillis(200));
        try (Socket client = connect()) {
            client.getOutputStream().write(new byte[] {1, 2, 3});
            await().untilAsserted(() -> assertEquals(3, relay.recorded(Direction.TO_SERVER).length));
            await().until(() -> echo.open() == 1);
            client.getOutputStream().write(4);
            assertEquals(1, client.getInputStream().read());

            echo.resetAll();

            assertArrayEquals(new byte[] {2, 3}, client.getInputStream().readNBytes(2));
            assertThrows(SocketException.class, () -> client.getInputStream().readAllBytes());
        }
    }

    @Test
    void finishEndsOneDirectionOnly() throws Exception {
        try (RecordingServer server = RecordingServer.start().greeting(new byte[] {7});
                FaultRelay line = FaultRelay.to(server.port());
                Socket client = new Socket("127.0.0.1", line.port())) {
            assertEquals(7, client.getInputStream().read());

            line.finish(Direction.TO_CLIENT);

            assertEquals(-1, client.getInputStream().read());
            client.getOutputStream().write("still open".getBytes("US-ASCII"));
            await().untilAsserted(() -> assertEquals("still open", server.receivedText()));
        }
    }

    @Test
    void aRefusedTargetIsAReset() throws Exception {
        try (RefusingServer refusing = RefusingServer.start();
                FaultRelay line = FaultRelay.to(refusing.port())) {
            assertThrows(IOException.class, () -> {
                try (Socket client = new Socket("127.0.0.1", line.port())) {
                    client.getInputStream().read();
                }
            });
        }
    }

    @Test
    void closeLeavesNoThread() throws Exception {
        Socket client = connect();
        client.getOutputStream().write(1);
        assertEquals(1, client.getInputStream().read());

        relay.close();

        client.close();
        assertTrue(Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().startsWith("FaultRelay-" + relay.port())));
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket("127.0.0.1", relay.port());
        socket.setTcpNoDelay(true);
        return socket;
    }

    private byte[] roundTrip(byte[] bytes) throws Exception {
        try (Socket client = connect()) {
            CompletableFuture<byte[]> back = CompletableFuture.supplyAsync(() -> {
                try {
                    return client.getInputStream().readAllBytes();
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            client.getOutputStream().write(bytes);
            client.shutdownOutput();
            return back.get();
        }
    }
}
