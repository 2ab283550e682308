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
import io.ambassador.service.Catalog;
import io.ambassador.service.HealthSpec;
import io.ambassador.service.OnChangeSpec;
import io.ambassador.service.OnChangeSpec.Action;
import io.ambassador.service.Role;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.ProbeProvider;
import io.ambassador.spi.protocol.ServerRole;
import io.ambassador.testkit.RedisServer;
import io.ambassador.testkit.RespClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What becomes of open connections when their endpoint is removed, falls ill or loses its role. */
class ChangeIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(2);

    @ParameterizedTest
    @EnumSource
    void connectionsOfARemovedEndpoint(Action action) throws Exception {
        try (Greeter first = Greeter.start(1);
                Greeter second = Greeter.start(2)) {
            ManualSource source = ManualSource.of(first.endpoint());
            try (Ambassador ambassador = Ambassador.builder()
                    .service(
                            "service",
                            s -> s.listen("127.0.0.1", 0)
                                    .health(WITHOUT_PROBES)
                                    .onChange(new OnChangeSpec(action, Action.CLOSE, Action.CLOSE, DRAIN_TIMEOUT))
                                    .discover(source))
                    .start()) {
                await().atMost(PATIENCE).until(ambassador::isReady);
                InetSocketAddress address = ambassador.address("service");
                try (EchoClient client = EchoClient.connect(address)) {
                    assertEquals(1, client.backend());
                    long began = System.nanoTime();
                    source.set(second.endpoint());
                    await().atMost(PATIENCE).until(() -> EchoClient.call(address) == 2);
                    endsAsItShould(action, client, began);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void connectionsOfAnUnhealthyEndpoint(Action action) throws Exception {
        try (SickServer first = SickServer.start(1);
                SickServer second = SickServer.start(2);
                Ambassador ambassador = Ambassador.builder()
                        .service(
                                "service",
                                s -> s.listen("127.0.0.1", 0)
                                        .health(probedEagerly("http"))
                                        .onChange(new OnChangeSpec(Action.DRAIN, Action.CLOSE, action, DRAIN_TIMEOUT))
                                        .discover(ManualSource.of(first.endpoint(), second.endpoint())))
                        .start()) {
            await().atMost(PATIENCE).until(() -> status(ambassador).endpoints().size() == 2);
            InetSocketAddress address = ambassador.address("service");
            try (EchoClient one = EchoClient.connect(address);
                    EchoClient other = EchoClient.connect(address)) {
                EchoClient client = one.backend() == 1 ? one : other;
                EchoClient bystander = one.backend() == 1 ? other : one;
                assertEquals(1, client.backend());
                assertEquals(2, bystander.backend());
                first.sick(true);
                await().atMost(PATIENCE)
                        .pollInterval(Duration.ofMillis(5))
                        .until(() -> !isHealthy(ambassador, first.endpoint()));
                long began = System.nanoTime();
                endsAsItShould(action, client, began);
                bystander.exchange(5);
                assertEquals(2, EchoClient.call(address));
                assertEquals(2, EchoClient.call(address));
            }
        }
    }

    private static void endsAsItShould(Action action, EchoClient client, long began) throws IOException {
        switch (action) {
            case CLOSE -> {
                assertThrows(
                        IOException.class,
                        () -> client.socket().getInputStream().read());
                long millis = (System.nanoTime() - began) / 1_000_000;
                assertWithin(Duration.ofSeconds(1), millis);
            }
            case DRAIN -> {
                client.exchange(1);
                assertThrows(
                        IOException.class,
                        () -> client.socket().getInputStream().read());
                long millis = (System.nanoTime() - began) / 1_000_000;
                assertTrue(millis >= DRAIN_TIMEOUT.toMillis() - 300, millis + " ms");
                assertWithin(DRAIN_TIMEOUT, Duration.ofSeconds(2), millis);
            }
            case KEEP ->
                await().during(DRAIN_TIMEOUT.plusSeconds(1))
                        .atMost(PATIENCE)
                        .untilAsserted(() -> client.exchange(System.nanoTime()));
        }
    }

    @Test
    void whenPrimaryAndReplicaSwapOldConnectionsCloseAndNewOnesFollow() throws Exception {
        try (RedisServer first = RedisServer.start();
                RedisServer second = RedisServer.start()) {
            replicate(second, first);
            try (Ambassador ambassador = Ambassador.builder()
                    .service(
                            "redis",
                            s -> s.listen("127.0.0.1", 0)
                                    .protocol("redis")
                                    .role(Role.PRIMARY)
                                    .health(probedEagerly("redis"))
                                    .discover(ManualSource.of(
                                            Endpoint.of("127.0.0.1", first.port()),
                                            Endpoint.of("127.0.0.1", second.port()))))
                    .start()) {
                await().atMost(PATIENCE)
                        .until(() -> status(ambassador).endpoints().stream()
                                .anyMatch(endpoint -> endpoint.role() == ServerRole.PRIMARY));
                InetSocketAddress address = ambassador.address("redis");
                for (int i = 0; i < 10; i++) {
                    assertEquals(first.port(), RedisPort.of(address));
                }
                try (RespClient client = RespClient.connect(address)) {
                    assertEquals("OK", client.command("SET", "a", "b"));
                    second.command("REPLICAOF", "NO", "ONE");
                    replicate(first, second);
                    long swapped = System.nanoTime();
                    assertThrows(UncheckedIOException.class, client::reply);
                    long closedMillis = (System.nanoTime() - swapped) / 1_000_000;
                    await().atMost(PATIENCE)
                            .ignoreExceptionsMatching(
                                    e -> e instanceof IOException || e instanceof RespClient.ErrorReply)
                            .until(() -> RedisPort.of(address) == second.port());
                    long movedMillis = (System.nanoTime() - swapped) / 1_000_000;
                    for (int i = 0; i < 10; i++) {
                        assertEquals(second.port(), RedisPort.of(address));
                    }
                    report(
                            "roles swapped, probed each 200 ms: old connection closed after %d ms, new ones moved after"
                                    + " %d ms",
                            closedMillis, movedMillis);
                    assertWithin(Duration.ofSeconds(2), closedMillis);
                }
                assertEquals(
                        List.of(ServerRole.PRIMARY, ServerRole.REPLICA),
                        status(ambassador).endpoints().stream()
                                .map(endpoint -> endpoint.role())
                                .sorted()
                                .toList());
            }
        }
    }

    private static void replicate(RedisServer replica, RedisServer primary) {
        replica.command("REPLICAOF", "127.0.0.1", Integer.toString(primary.port()));
    }

    private static HealthSpec probedEagerly(String probe) throws ConfigurationException {
        Configured<ProbeProvider<?>> configured =
                Configured.parse(Catalog.load().probes().get(probe), Settings.of("health." + probe, Map.of()));
        return new HealthSpec(
                configured,
                Duration.ofMillis(200),
                Duration.ofSeconds(2),
                1,
                1,
                0.5,
                Duration.ZERO,
                HealthSpec.Outlier.DEFAULT);
    }
}
