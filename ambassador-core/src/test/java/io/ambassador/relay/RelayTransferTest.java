package io.ambassador.relay;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.service.HealthSpec;
import io.ambassador.service.RelayMode;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.testkit.StreamPeer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every byte of every transfer arrives, whoever finishes first and however it is moved. */
class RelayTransferTest {
    private static final int TRANSFERS = Integer.getInteger("relay.transfers", 2_000);

    private static final int GREETING = 20_000;

    private static final HealthSpec WITHOUT_PROBES = HealthSpec.DEFAULT.withProbe(null);

    /** Which side does what, in which order. */
    private enum Order {
        CLIENT_FIRST,
        SERVER_FIRST,
        BOTH_AT_ONCE
    }

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private ServerSocket server;
    private Ambassador ambassador;

    private void start(RelayMode mode) throws Exception {
        server = new ServerSocket(0, 500, InetAddress.getLoopbackAddress());
        Endpoint endpoint = Endpoint.of("127.0.0.1", server.getLocalPort());
        ambassador = Ambassador.builder()
                .service(
                        "stream",
                        s -> s.listen("127.0.0.1", 0)
                                .relay(mode)
                                .health(WITHOUT_PROBES)
                                .discover(listener -> {
                                    listener.onState(new EndpointState.Known(Set.of(endpoint)));
                                    return () -> {};
                                }))
                .start();
        await().until(ambassador::isReady);
    }

    @AfterEach
    void stop() throws Exception {
        ambassador.close();
        server.close();
        threads.shutdownNow();
        assertTrue(threads.awaitTermination(10, TimeUnit.SECONDS));
    }

    @ParameterizedTest
    @EnumSource
    void losesNothingWhenTheClientFinishesFirst(RelayMode mode) throws Exception {
        start(mode);
        transfer(Order.CLIENT_FIRST);
    }

    @ParameterizedTest
    @EnumSource
    void losesNothingWhenTheServerFinishesFirst(RelayMode mode) throws Exception {
        start(mode);
        transfer(Order.SERVER_FIRST);
    }

    @ParameterizedTest
    @EnumSource
    void losesNothingWhenBothSendAtOnce(RelayMode mode) throws Exception {
        start(mode);
        transfer(Order.BOTH_AT_ONCE);
    }

    @ParameterizedTest
    @EnumSource
    void carriesAHundredMegabytesBothWays(RelayMode mode) throws Exception {
        start(mode);
        threads.execute(() -> serve(Order.BOTH_AT_ONCE, 100_000_000));
        try (Socket client = new Socket()) {
            client.connect(ambassador.address("stream"));
            client.setSoTimeout(60_000);
            greet(client);
            StreamPeer.exchange(client, 7, 100_000_000, threads);
        }
        assertEquals(List.of(), List.copyOf(failures));
    }

    private void transfer(Order order) throws Exception {
        threads.execute(() -> serve(order, -1));
        List<Future<?>> clients = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            clients.add(threads.submit(() -> {
                for (int n = 0; n < TRANSFERS / 3 / 16; n++) {
                    call(order);
                }
            }));
        }
        for (Future<?> client : clients) {
            client.get(240, TimeUnit.SECONDS);
        }
        assertEquals(List.of(), List.copyOf(failures));
        await().untilAsserted(() -> assertEquals(0, ambassador.services().get(0).activeConnections()));
    }

    private void call(Order order) {
        try (Socket client = new Socket()) {
            client.connect(ambassador.address("stream"));
            client.setSoTimeout(30_000);
            long seed = ThreadLocalRandom.current().nextLong();
            greet(client);
            switch (order) {
                case CLIENT_FIRST -> {
                    StreamPeer.send(client, seed, size());
                    StreamPeer.receive(client);
                }
                case SERVER_FIRST -> {
                    StreamPeer.receive(client);
                    StreamPeer.send(client, seed, size());
                }
                case BOTH_AT_ONCE -> StreamPeer.exchange(client, seed, size(), threads);
            }
        } catch (IOException e) {
            failures.add("client: " + e);
        }
    }

    private void serve(Order order, long fixedSize) {
        while (!server.isClosed()) {
            try {
                Socket accepted = server.accept();
                threads.execute(() -> answer(accepted, order, fixedSize));
            } catch (IOException e) {
                return; // closed at the end of the test
            }
        }
    }

    private void answer(Socket accepted, Order order, long fixedSize) {
        try (Socket socket = accepted) {
            socket.setSoTimeout(30_000);
            long seed = ThreadLocalRandom.current().nextLong();
            long size = fixedSize < 0 ? size() : fixedSize;
            answerGreeting(socket);
            switch (order) {
                case CLIENT_FIRST -> {
                    StreamPeer.receive(socket);
                    StreamPeer.send(socket, seed, size);
                }
                case SERVER_FIRST -> {
                    StreamPeer.send(socket, seed, size);
                    StreamPeer.receive(socket);
                }
                case BOTH_AT_ONCE -> StreamPeer.exchange(socket, seed, size, threads);
            }
        } catch (IOException e) {
            failures.add("server: " + e);
        }
    }

    /** Three of four begin with a question and an answer, long enough for the relay to take them for lasting ones. */
    private static void greet(Socket client) throws IOException {
        int length = ThreadLocalRandom.current().nextInt(4) == 0 ? 0 : GREETING;
        client.getOutputStream().write(length >> 8);
        client.getOutputStream().write(length);
        client.getOutputStream().write(new byte[length]);
        if (client.getInputStream().readNBytes(length).length < length) {
            throw new IOException("ended before the greeting was answered");
        }
    }

    private static void answerGreeting(Socket socket) throws IOException {
        int length =
                socket.getInputStream().read() << 8 | socket.getInputStream().read();
        socket.getOutputStream().write(socket.getInputStream().readNBytes(length));
    }

    /** From nothing to a megabyte and a half, small ones more often. */
    private static long size() {
        double random = ThreadLocalRandom.current().nextDouble();
        return (long) (1_500_000 * random * random * random * random);
    }
}
