package io.ambassador.faults;

import static io.ambassador.faults.Running.WITHOUT_PROBES;
import static io.ambassador.faults.Running.isHealthy;
import static io.ambassador.faults.Running.report;
import static io.ambassador.faults.Running.status;
import static io.ambassador.testkit.Timing.assertWithin;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.service.Credentials;
import io.ambassador.service.LimitsSpec;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.testkit.Daemon;
import io.ambassador.testkit.RespClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Backends in a network of their own, whose packets are lost or refused on the way. */
class NetworkFaultsIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration CONNECT_TIMEOUT = Duration.ofMillis(500);
    private static final Duration USER_TIMEOUT = Duration.ofSeconds(3);
    private static final LimitsSpec LIMITS = Running.limits()
            .connectTimeout(CONNECT_TIMEOUT)
            .userTimeout(USER_TIMEOUT)
            .build();
    private static final int PORT = 7000;

    private final List<EchoProcess> backends = new ArrayList<>();
    private Netns network;
    private Ambassador ambassador;
    private InetSocketAddress address;

    @BeforeEach
    void start() throws Exception {
        network = Netns.create(3);
        for (int i = 0; i < 3; i++) {
            backends.add(EchoProcess.start(network.prefix(), network.address(i), PORT, i));
        }
        Endpoint[] endpoints = backends.stream().map(EchoProcess::endpoint).toArray(Endpoint[]::new);
        ambassador = Ambassador.builder()
                .service(
                        "echo",
                        s -> s.listen("127.0.0.1", 0)
                                .limits(LIMITS)
                                .health(WITHOUT_PROBES)
                                .discover(ManualSource.of(endpoints)))
                .start();
        await().atMost(PATIENCE).until(ambassador::isReady);
        address = ambassador.address("echo");
    }

    @AfterEach
    void stop() {
        if (ambassador != null) {
            ambassador.close();
        }
        backends.forEach(EchoProcess::close);
        network.close();
    }

    @Test
    void aBackendWhosePacketsAreLostCostsNoNewClientAnError() throws Exception {
        network.drop(network.address(1));
        Collection<NewConnections.Call> calls = NewConnections.run(() -> EchoClient.call(address), 10, 200);
        Duration slowest = NewConnections.slowest(calls);
        report("DROP of one of three: 200 clients, 0 failed, slowest %d ms", slowest.toMillis());
        assertEquals(List.of(), NewConnections.failed(calls));
        assertTrue(calls.stream().noneMatch(call -> call.backend() == 1));
        assertTrue(slowest.compareTo(CONNECT_TIMEOUT) >= 0, "nobody met the lost one: " + slowest);
        assertWithin(CONNECT_TIMEOUT, CONNECT_TIMEOUT, slowest.toMillis());
    }

    @Test
    void aRedisWhosePacketsAreLostCostsNoNewClientAnError(@TempDir Path directory) throws Exception {
        Path password = Files.createFile(
                directory.resolve("password"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(password, "s3cret");
        List<Daemon> servers = new ArrayList<>();
        try {
            Endpoint[] endpoints = new Endpoint[3];
            for (int i = 0; i < 3; i++) {
                endpoints[i] = Endpoint.of(network.address(i), 6379);
                servers.add(redis(network.address(i)));
            }
            try (Ambassador redis = Ambassador.builder()
                    .service(
                            "redis",
                            s -> s.listen("127.0.0.1", 0)
                                    .protocol("redis")
                                    .credentials(
                                            Credentials.file(null, password).insecurely())
                                    .limits(LIMITS)
                                    .discover(ManualSource.of(endpoints)))
                    .start()) {
                await().atMost(PATIENCE)
                        .until(() -> Arrays.stream(endpoints).allMatch(endpoint -> isHealthy(redis, endpoint)));
                network.drop(network.address(2));
                InetSocketAddress there = redis.address("redis");
                Collection<NewConnections.Call> calls = NewConnections.run(
                        () -> {
                            try (RespClient client = RespClient.connect(there)) {
                                client.command("SET", "a", "b");
                                return 0;
                            }
                        },
                        10,
                        100);
                report(
                        "DROP of one Redis of three: 100 clients, 0 failed, slowest %d ms",
                        NewConnections.slowest(calls).toMillis());
                assertEquals(List.of(), NewConnections.failed(calls));
                assertWithin(
                        CONNECT_TIMEOUT,
                        CONNECT_TIMEOUT,
                        NewConnections.slowest(calls).toMillis());
            }
        } finally {
            servers.forEach(Daemon::close);
        }
    }

    @Test
    void connectionsWhoseBytesAreNoLongerAcknowledgedAreClosed() throws Exception {
        try (SteadyStreams streams = SteadyStreams.open(address, 60)) {
            await().atMost(PATIENCE).until(() -> streams.all().stream().allMatch(s -> s.messages() > 0));
            network.drop(network.address(0));
            long dropped = System.nanoTime();
            await().atMost(PATIENCE).until(() -> streams.at(0).stream().allMatch(stream -> stream.end() != null));
            long millis = (System.nanoTime() - dropped) / 1_000_000;
            report(
                    "DROP of open connections: %d closed within %d ms",
                    streams.at(0).size(), millis);
            assertEquals(20, streams.at(0).size());
            assertTrue(
                    streams.at(0).stream().allMatch(stream -> stream.end().contains("reset")),
                    () -> streams.at(0).get(0).end());
            assertTrue(streams.all().stream().noneMatch(s -> s.backend() != 0 && s.end() != null || s.corrupted()));
            assertTrue(millis >= USER_TIMEOUT.toMillis() - 500, millis + " ms");
            assertWithin(USER_TIMEOUT, Duration.ofSeconds(2), millis);
        }
    }

    /** A subscriber sends nothing that could go unacknowledged, and waits for ever unless the silence is noticed. */
    @Test
    void aSilentConnectionWhoseBackendIsCutOffIsClosed() throws Exception {
        List<EchoClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 3; i++) {
                clients.add(EchoClient.connect(address));
            }
            network.drop(network.address(0));
            long dropped = System.nanoTime();
            for (EchoClient client : clients) {
                if (client.backend() == 0) {
                    client.socket().setSoTimeout(20_000);
                    assertThrows(
                            IOException.class,
                            () -> client.socket().getInputStream().read());
                    long millis = (System.nanoTime() - dropped) / 1_000_000;
                    report("DROP of a silent connection: closed after %d ms", millis);
                    assertWithin(USER_TIMEOUT, Duration.ofSeconds(2), millis);
                } else {
                    client.socket().setSoTimeout(1);
                    assertThrows(
                            SocketTimeoutException.class,
                            () -> client.socket().getInputStream().read());
                    client.socket().setSoTimeout(10_000);
                    client.exchange(1);
                }
            }
        } finally {
            for (EchoClient client : clients) {
                client.close();
            }
        }
    }

    @Test
    void backendsThatRefuseAreTriedAtMostThreeTimesForAClient() throws Exception {
        network.reject(network.address(0));
        network.reject(network.address(1));
        Collection<NewConnections.Call> calls = NewConnections.run(() -> EchoClient.call(address), 4, 200);
        long refused = network.met(network.address(0)) + network.met(network.address(1));
        report(
                "REJECT of two of three: 200 clients, 0 failed, slowest %d ms, %d attempts refused",
                NewConnections.slowest(calls).toMillis(), refused);
        assertEquals(List.of(), NewConnections.failed(calls));
        assertTrue(calls.stream().allMatch(call -> call.backend() == 2));
        assertTrue(refused >= 5 && refused <= 2 * 200, refused + " attempts");
    }

    /** Counted by the kernel at the other end, not by the ambassador. */
    @Test
    void whereEveryBackendRefusesRetriesStopAfterTheFirstSecond() throws Exception {
        for (int i = 0; i < 3; i++) {
            network.reject(network.address(i));
        }
        try (NewConnections clients = NewConnections.start(() -> EchoClient.call(address), 4, 200)) {
            long began = System.nanoTime();
            await().atMost(PATIENCE)
                    .until(() -> System.nanoTime() - began > 1_000_000_000L
                            && status(ambassador).openedConnections() > 100);
            long clientsBefore = status(ambassador).openedConnections();
            long attemptsBefore = attempts();
            await().atMost(PATIENCE).until(() -> status(ambassador).openedConnections() - clientsBefore >= 600);
            long attempts = attempts() - attemptsBefore;
            long served = status(ambassador).openedConnections() - clientsBefore;
            report("REJECT of all: %d attempts for %d clients (%.3f)", attempts, served, attempts / (double) served);
            assertTrue(attempts <= 1.2 * served + 3, attempts + " attempts for " + served + " clients");
        }
    }

    private long attempts() {
        long attempts = 0;
        for (int i = 0; i < 3; i++) {
            attempts += network.met(network.address(i));
        }
        return attempts;
    }

    private Daemon redis(String host) {
        List<String> command = new ArrayList<>(network.prefix());
        command.addAll(List.of(
                "redis-server",
                "--bind",
                host,
                "--port",
                "6379",
                "--requirepass",
                "s3cret",
                "--save",
                "",
                "--dir",
                "."));
        return Daemon.start(Daemon.newDirectory("redis"), command, () -> {
            try (RespClient client = RespClient.connect(host, 6379)) {
                return true;
            } catch (java.io.UncheckedIOException notYet) {
                return false;
            }
        });
    }
}
