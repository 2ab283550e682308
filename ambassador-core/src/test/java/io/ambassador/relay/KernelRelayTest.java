package io.ambassador.relay;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.service.HealthSpec;
import io.ambassador.service.LimitsSpec;
import io.ambassador.service.RelayMode;
import io.ambassador.service.ServiceStatus;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.testkit.StreamPeer;
import io.ambassador.transport.KernelRelay;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What is left to the kernel is relayed as everything else is. Where this machine's kernel cannot, or we may not, all of
 * it holds just the same, and nothing is left to it.
 */
class KernelRelayTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Enough for a connection to be left to the kernel. */
    private static final int MUCH = 50_000;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final Random random = new Random(5);
    private ServerSocket server;
    private Ambassador ambassador;
    private Socket client;
    private Socket backend;

    private void connect(@Nullable Duration idle) throws Exception {
        LimitsSpec limits = LimitsSpec.DEFAULT;
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Endpoint endpoint = Endpoint.of("127.0.0.1", server.getLocalPort());
        ambassador = Ambassador.builder()
                .meterRegistry(meters)
                .service(
                        "stream",
                        s -> s.listen("127.0.0.1", 0)
                                .relay(RelayMode.KERNEL)
                                .health(HealthSpec.DEFAULT.withProbe(null))
                                .limits(new LimitsSpec(
                                        limits.maxConnections(),
                                        limits.connectAttempts(),
                                        limits.connectTimeout(),
                                        limits.loginTimeout(),
                                        idle,
                                        null,
                                        limits.retryBudget(),
                                        limits.userTimeout()))
                                .discover(listener -> {
                                    listener.onState(new EndpointState.Known(Set.of(endpoint)));
                                    return () -> {};
                                }))
                .start();
        await().atMost(PATIENCE).until(ambassador::isReady);
        client = new Socket();
        client.connect(ambassador.address("stream"));
        backend = server.accept();
        client.setSoTimeout(20_000);
        backend.setSoTimeout(20_000);
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        backend.close();
        ambassador.close();
        server.close();
        threads.shutdownNow();
        assertTrue(threads.awaitTermination(10, TimeUnit.SECONDS));
    }

    /** From here on the kernel relays, where it can. */
    private void exchangeMuch() throws Exception {
        pass(client, backend, MUCH);
        pass(backend, client, MUCH);
        int expected = KernelRelay.isAvailable() ? 1 : 0;
        await().atMost(PATIENCE).until(() -> leftToKernel() == expected);
    }

    private void pass(Socket from, Socket to, int length) throws Exception {
        byte[] sent = new byte[length];
        random.nextBytes(sent);
        Future<?> sending = threads.submit(() -> {
            from.getOutputStream().write(sent);
            return null;
        });
        assertArrayEquals(sent, to.getInputStream().readNBytes(length));
        sending.get(20, TimeUnit.SECONDS);
    }

    private double leftToKernel() {
        return meters.get("ambassador.relay.kernel").functionCounter().count();
    }

    private ServiceStatus status() {
        return ambassador.services().get(0);
    }

    @Test
    void countsEveryByteThatPassedByTheProcess() throws Exception {
        connect(null);
        exchangeMuch();
        for (int i = 1; i <= 200; i++) {
            pass(client, backend, i);
            pass(backend, client, 2 * i);
        }
        long passed = 200 * 201 / 2;
        await().atMost(PATIENCE).untilAsserted(() -> {
            assertEquals(MUCH + passed, status().bytesToBackend());
            assertEquals(MUCH + 2 * passed, status().bytesToClient());
        });
        assertEquals(1, status().activeConnections());
        client.close();
        assertEquals(-1, backend.getInputStream().read());
        backend.close();
        await().atMost(PATIENCE).until(() -> status().activeConnections() == 0);
        assertEquals(MUCH + passed, status().bytesToBackend());
    }

    @Test
    void takesAConnectionThatHasLastedForOneThatWill() throws Exception {
        connect(null);
        long began = System.nanoTime();
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(100)).until(() -> {
            pass(client, backend, 10);
            pass(backend, client, 10);
            return leftToKernel() == 1 || System.nanoTime() - began > TimeUnit.SECONDS.toNanos(3);
        });
        assertEquals(KernelRelay.isAvailable() ? 1 : 0, leftToKernel());
    }

    @Test
    void passesOnAResetAfterWhatCameBefore() throws Exception {
        connect(null);
        exchangeMuch();
        byte[] sent = new byte[300_000];
        random.nextBytes(sent);
        Future<byte[]> received = threads.submit(() -> backend.getInputStream().readNBytes(sent.length));
        client.getOutputStream().write(sent);
        await().atMost(PATIENCE).until(() -> status().bytesToBackend() == MUCH + sent.length);
        client.setSoLinger(true, 0);
        client.close();

        assertArrayEquals(sent, received.get(20, TimeUnit.SECONDS));
        SocketException how = assertThrows(
                SocketException.class, () -> backend.getInputStream().read());
        assertTrue(how.getMessage().contains("reset"), how.getMessage());
        await().atMost(PATIENCE).until(() -> status().activeConnections() == 0);
    }

    @Test
    void anAnswerFollowsAnEndOfDataThatWasPassedOn() throws Exception {
        connect(null);
        exchangeMuch();
        client.shutdownOutput();
        assertEquals(-1, backend.getInputStream().read());
        pass(backend, client, 1_000_000);
        backend.shutdownOutput();
        assertEquals(-1, client.getInputStream().read());
        await().atMost(PATIENCE).until(() -> status().activeConnections() == 0);
    }

    /** The kernel would queue without a bound what it redirects; we let it have no more than a window. */
    @Test
    void aPeerThatDoesNotReadHoldsTheSenderBack() throws Exception {
        connect(null);
        exchangeMuch();
        long length = 100_000_000;
        Future<?> sending = threads.submit(() -> {
            StreamPeer.send(client, 3, length);
            return null;
        });
        long[] last = {-1};
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(700)).until(() -> {
            boolean still = last[0] == status().bytesToBackend();
            last[0] = status().bytesToBackend();
            return still;
        });
        assertFalse(sending.isDone());
        assertTrue(last[0] < 20_000_000, last[0] + " bytes were taken");
        // The other way is open meanwhile.
        pass(backend, client, 3_000_000);

        assertEquals(length, StreamPeer.receive(backend));
        sending.get(20, TimeUnit.SECONDS);
    }

    @Test
    void whatTheKernelRelaysIsNotIdle() throws Exception {
        Duration idle = Duration.ofMillis(1_500);
        connect(idle);
        exchangeMuch();
        long until = System.nanoTime() + 2 * idle.toNanos();
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(100)).until(() -> {
            pass(client, backend, 1);
            return System.nanoTime() > until;
        });
        long last = System.nanoTime();
        assertThrows(IOException.class, () -> client.getInputStream().read());
        long millis = (System.nanoTime() - last) / 1_000_000;
        assertTrue(millis >= 1_300, millis + " ms");
    }
}
