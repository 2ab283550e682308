package io.ambassador.faults;

import static io.ambassador.faults.Running.WITHOUT_PROBES;
import static io.ambassador.faults.Running.isHealthy;
import static io.ambassador.faults.Running.report;
import static io.ambassador.faults.Running.status;
import static io.ambassador.testkit.Timing.assertWithin;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.service.Catalog;
import io.ambassador.service.Credentials;
import io.ambassador.service.HealthSpec;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.testkit.RedisServer;
import io.ambassador.testkit.RefusingServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One endpoint fails in each of the ways endpoints fail; clients must not notice more than they have to. */
class FailOverIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    @Test
    void aKilledBackendLosesItsOwnConnectionsAndNoOthers() throws Exception {
        try (EchoProcess first = EchoProcess.start(1);
                EchoProcess second = EchoProcess.start(2);
                EchoProcess third = EchoProcess.start(3);
                Ambassador ambassador = Ambassador.builder()
                        .service(
                                "echo",
                                s -> s.listen("127.0.0.1", 0)
                                        .discover(
                                                ManualSource.of(first.endpoint(), second.endpoint(), third.endpoint())))
                        .start()) {
            await().atMost(PATIENCE).until(() -> status(ambassador).endpoints().size() == 3);
            InetSocketAddress address = ambassador.address("echo");
            try (SteadyStreams streams = SteadyStreams.open(address, 600);
                    NewConnections clients = NewConnections.start(() -> EchoClient.call(address), 8, 150)) {
                await().atMost(PATIENCE).until(() -> streams.all().stream().allMatch(s -> s.messages() > 0));
                await().atMost(PATIENCE).until(() -> clients.all().size() > 100);

                second.kill();
                long killed = System.nanoTime();
                await().atMost(PATIENCE)
                        .pollInterval(Duration.ofMillis(10))
                        .until(() -> !isHealthy(ambassador, second.endpoint()));
                long ejectedMillis = (System.nanoTime() - killed) / 1_000_000;

                await().atMost(PATIENCE).until(() -> streams.at(2).stream().allMatch(stream -> stream.end() != null));
                long[] before = streams.all().stream()
                        .mapToLong(SteadyStreams.Stream::messages)
                        .toArray();
                await().atMost(PATIENCE).untilAsserted(() -> {
                    for (int i = 0; i < before.length; i++) {
                        SteadyStreams.Stream stream = streams.all().get(i);
                        assertTrue(stream.backend() == 2 || stream.messages() > before[i] + 10, "stream " + i);
                    }
                });
                await().atMost(PATIENCE).until(() -> clients.since(killed).size() > 300);

                assertEquals(200, streams.at(2).size());
                for (SteadyStreams.Stream stream : streams.all()) {
                    assertFalse(stream.corrupted());
                    assertEquals(stream.backend() == 2, stream.end() != null, stream.end());
                }
                List<NewConnections.Call> calls = clients.since(killed);
                assertEquals(List.of(), NewConnections.failed(calls));
                assertTrue(calls.stream().noneMatch(call -> call.backend() == 2));
                report(
                        "SIGKILL under 600 streams: %d lost, all of the killed one; %d new connections, 0 failed,"
                                + " slowest %d ms; ejected after %d ms",
                        streams.at(2).size(),
                        calls.size(),
                        NewConnections.slowest(calls).toMillis(),
                        ejectedMillis);
                assertWithin(Duration.ofSeconds(1), ejectedMillis);
            }
        }
    }

    @Test
    void aStoppedRedisThatNeverAnswersTheLoginCostsNoClientAnError() throws Exception {
        Path password = secret("s3cret");
        Duration loginTimeout = Duration.ofSeconds(1);
        try (RedisServer first = RedisServer.withPassword("s3cret");
                RedisServer second = RedisServer.withPassword("s3cret");
                RedisServer third = RedisServer.withPassword("s3cret");
                Ambassador ambassador = Ambassador.builder()
                        .service(
                                "redis",
                                s -> s.listen("127.0.0.1", 0)
                                        .protocol("redis")
                                        .credentials(Credentials.file(null, password))
                                        .limits(Running.limits()
                                                .loginTimeout(loginTimeout)
                                                .build())
                                        .health(WITHOUT_PROBES)
                                        .discover(ManualSource.of(
                                                endpointOf(first), endpointOf(second), endpointOf(third))))
                        .start()) {
            await().atMost(PATIENCE).until(ambassador::isReady);
            InetSocketAddress address = ambassador.address("redis");
            second.pause();
            Collection<NewConnections.Call> calls;
            try {
                calls = NewConnections.run(() -> RedisPort.of(address), 10, 100);
            } finally {
                second.resume();
            }
            Duration slowest = NewConnections.slowest(calls);
            report("SIGSTOP of one Redis of three: 100 clients, 0 failed, slowest %d ms", slowest.toMillis());
            assertEquals(List.of(), NewConnections.failed(calls));
            assertTrue(calls.stream().noneMatch(call -> call.backend() == second.port()));
            assertTrue(slowest.compareTo(loginTimeout.minusMillis(50)) >= 0, "nobody met the stopped one: " + slowest);
            assertWithin(loginTimeout, Duration.ofSeconds(1), slowest.toMillis());
        }
    }

    @Test
    void aKilledRedisCostsNoNewClientAnError() throws Exception {
        Path password = secret("s3cret");
        try (RedisServer first = RedisServer.withPassword("s3cret");
                RedisServer second = RedisServer.withPassword("s3cret");
                RedisServer third = RedisServer.withPassword("s3cret");
                Ambassador ambassador = Ambassador.builder()
                        .service(
                                "redis",
                                s -> s.listen("127.0.0.1", 0)
                                        .protocol("redis")
                                        .credentials(Credentials.file(null, password))
                                        .discover(ManualSource.of(
                                                endpointOf(first), endpointOf(second), endpointOf(third))))
                        .start()) {
            await().atMost(PATIENCE).until(ambassador::isReady);
            InetSocketAddress address = ambassador.address("redis");
            try (NewConnections clients = NewConnections.start(() -> RedisPort.of(address), 4, 100)) {
                await().atMost(PATIENCE).until(() -> clients.all().size() > 50);
                third.kill();
                long killed = System.nanoTime();
                await().atMost(PATIENCE)
                        .pollInterval(Duration.ofMillis(10))
                        .until(() -> !isHealthy(ambassador, endpointOf(third)));
                long ejectedMillis = (System.nanoTime() - killed) / 1_000_000;
                await().atMost(PATIENCE).until(() -> clients.since(killed).size() > 200);
                List<NewConnections.Call> calls = clients.since(killed);
                report(
                        "SIGKILL of one Redis of three: %d new clients, 0 failed, ejected after %d ms",
                        calls.size(), ejectedMillis);
                assertEquals(List.of(), NewConnections.failed(calls));
                assertWithin(Duration.ofSeconds(1), ejectedMillis);
            }
        }
    }

    /** Too few are left to leave the others alone; yet whoever meets one of those must not pay for it. */
    @Test
    void whereMostEndpointsRefuseForLongNoClientFails() throws Exception {
        try (RefusingServer first = RefusingServer.start();
                RefusingServer second = RefusingServer.start();
                EchoProcess third = EchoProcess.start(3);
                Ambassador ambassador = Ambassador.builder()
                        .service(
                                "mostly-down",
                                s -> s.listen("127.0.0.1", 0)
                                        .health(WITHOUT_PROBES)
                                        .discover(
                                                ManualSource.of(first.endpoint(), second.endpoint(), third.endpoint())))
                        .start()) {
            await().atMost(PATIENCE).until(ambassador::isReady);
            InetSocketAddress address = ambassador.address("mostly-down");
            Collection<NewConnections.Call> calls = NewConnections.run(() -> EchoClient.call(address), 8, 3_000);
            report(
                    "two of three refuse: 3000 clients, %d failed, %d attempts",
                    NewConnections.failed(calls).size(), attempts(ambassador));
            assertEquals(List.of(), NewConnections.failed(calls));
            assertTrue(attempts(ambassador) <= 3 * 3_000);
        }
    }

    /** Retries must not multiply the load on what is down. */
    @Test
    void whereEveryEndpointRefusesClientsAreRefusedAtOnceAndRetriesStop() throws Exception {
        try (RefusingServer first = RefusingServer.start();
                RefusingServer second = RefusingServer.start();
                RefusingServer third = RefusingServer.start();
                Ambassador ambassador = Ambassador.builder()
                        .service(
                                "down",
                                s -> s.listen("127.0.0.1", 0)
                                        .health(WITHOUT_PROBES)
                                        .discover(
                                                ManualSource.of(first.endpoint(), second.endpoint(), third.endpoint())))
                        .start()) {
            await().atMost(PATIENCE).until(ambassador::isReady);
            InetSocketAddress address = ambassador.address("down");
            try (NewConnections clients = NewConnections.start(() -> EchoClient.call(address), 4, 200)) {
                await().atMost(PATIENCE)
                        .until(() -> status(ambassador).endpoints().stream()
                                .noneMatch(endpoint -> isHealthy(ambassador, endpoint.endpoint())));
                long clientsBefore = status(ambassador).openedConnections();
                long attemptsBefore = attempts(ambassador);
                await().atMost(PATIENCE).until(() -> status(ambassador).openedConnections() - clientsBefore >= 600);
                long attempts = attempts(ambassador) - attemptsBefore;
                long served = status(ambassador).openedConnections() - clientsBefore;
                report("all refuse: %d attempts for %d clients (%.3f)", attempts, served, attempts / (double) served);
                assertTrue(attempts <= 1.2 * served + 3, attempts + " attempts for " + served + " clients");
                assertEquals(
                        clients.all().size(),
                        NewConnections.failed(clients.all()).size());
            }
        }
    }

    @Test
    void whileEveryProbeFailsAllAreUsedAndOneThatReturnsEndsIt() throws Exception {
        HealthSpec eager = new HealthSpec(
                Configured.parse(Catalog.load().probes().get("http"), Settings.of("health.http", Map.of())),
                Duration.ofMillis(200),
                Duration.ofSeconds(2),
                1,
                1,
                0.5,
                Duration.ZERO,
                HealthSpec.Outlier.DEFAULT);
        try (SickServer first = SickServer.start(1);
                SickServer second = SickServer.start(2);
                Ambassador ambassador = Ambassador.builder()
                        .service(
                                "sick",
                                s -> s.listen("127.0.0.1", 0)
                                        .health(eager)
                                        .discover(ManualSource.of(first.endpoint(), second.endpoint())))
                        .start()) {
            await().atMost(PATIENCE).until(() -> status(ambassador).endpoints().size() == 2);
            InetSocketAddress address = ambassador.address("sick");
            assertFalse(status(ambassador).panic());
            first.sick(true);
            second.sick(true);
            await().atMost(PATIENCE).until(() -> status(ambassador).panic());
            Collection<NewConnections.Call> calls = NewConnections.run(() -> EchoClient.call(address), 2, 40);
            assertEquals(List.of(), NewConnections.failed(calls));
            assertEquals(20, calls.stream().filter(call -> call.backend() == 1).count());

            second.sick(false);
            long returned = System.nanoTime();
            await().atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> !status(ambassador).panic());
            long millis = (System.nanoTime() - returned) / 1_000_000;
            calls = NewConnections.run(() -> EchoClient.call(address), 2, 20);
            assertTrue(calls.stream().allMatch(call -> call.backend() == 2), calls.toString());
            report("panic: 40 clients served while every probe failed; left %d ms after one was well", millis);
            assertWithin(Duration.ofSeconds(1), millis);
        }
    }

    @Test
    void anEmptyAnswerIsHeldForAWhileThenClientsFailFast() throws Exception {
        Duration hold = Duration.ofSeconds(2);
        try (EchoProcess backend = EchoProcess.start(1)) {
            ManualSource source = ManualSource.of(backend.endpoint());
            try (Ambassador ambassador = Ambassador.builder()
                    .absentHold(hold)
                    .service("gone", s -> s.listen("127.0.0.1", 0).discover(source))
                    .start()) {
                InetSocketAddress address = ambassador.address("gone");
                await().atMost(PATIENCE).until(ambassador::isReady);
                try (NewConnections clients = NewConnections.start(() -> EchoClient.call(address), 2, 50);
                        EchoClient old = EchoClient.connect(address)) {
                    await().atMost(PATIENCE).until(() -> !clients.all().isEmpty());
                    long said = System.nanoTime();
                    source.say(new EndpointState.Absent("the name is gone"));
                    await().atMost(PATIENCE)
                            .until(() -> !NewConnections.failed(clients.all()).isEmpty());
                    long firstFailure =
                            NewConnections.failed(clients.all()).get(0).ended();
                    await().atMost(PATIENCE)
                            .until(() -> clients.since(firstFailure).size() > 50);
                    List<NewConnections.Call> after = clients.since(firstFailure);
                    report(
                            "absent: served for %d ms more, then refused, slowest after %d ms",
                            (firstFailure - said) / 1_000_000,
                            NewConnections.slowest(after).toMillis());
                    assertTrue(firstFailure - said >= hold.minusMillis(100).toNanos());
                    assertWithin(hold, Duration.ofSeconds(2), (firstFailure - said) / 1_000_000);
                    assertEquals(after.size(), NewConnections.failed(after).size());
                    assertWithin(
                            Duration.ofMillis(100),
                            NewConnections.slowest(after).toMillis());
                    old.exchange(7); // it drains
                }
            }
        }
    }

    private static long attempts(Ambassador ambassador) {
        return status(ambassador).endpoints().stream()
                .mapToLong(endpoint -> endpoint.failures() + endpoint.openedConnections())
                .sum();
    }

    private static Endpoint endpointOf(RedisServer redis) {
        return Endpoint.of("127.0.0.1", redis.port());
    }

    private Path secret(String password) throws IOException {
        Path file = Files.createFile(
                directory.resolve("password"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, password);
        return file;
    }
}
