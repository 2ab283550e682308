package io.ambassador.auth.redis;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.auth.RotationOrder;
import io.ambassador.auth.Visitors;
import io.ambassador.service.Catalog;
import io.ambassador.service.Credentials;
import io.ambassador.service.HealthSpec;
import io.ambassador.service.RotationSpec;
import io.ambassador.service.ServiceStatus;
import io.ambassador.service.ServiceStatus.CredentialState;
import io.ambassador.service.ServiceStatus.CredentialStatus;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.spi.protocol.ServerRole;
import io.ambassador.testkit.RedisServer;
import io.ambassador.testkit.RespClient;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Passwords that change at a real server and in the file at different times, seen from its clients. */
class RedisRotationIT {
    private static final Pattern REFUSALS = Pattern.compile("errorstat_WRONGPASS:count=(\\d+)");

    private static final Pattern CONNECTIONS = Pattern.compile("total_connections_received:(\\d+)");

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource
    void noClientNotices(RotationOrder order) throws Exception {
        Path file = write("password", "old");
        RotationSpec rotation = order.spec(write("next", "new"));
        try (RedisServer redis = RedisServer.withPassword("old");
                Ambassador ambassador =
                        serve(redis, Credentials.file(null, file).rotating(rotation));
                Visitors crowd = new Visitors(Duration.ofMillis(100), () -> visit(ambassador))) {
            crowd.awaitServed(10);
            change(order.isServerFirst(), redis);
            RotationOrder.awaitEndOfGap();
            change(!order.isServerFirst(), redis);
            crowd.awaitServed(crowd.served() + 20);
            await().until(() -> status(ambassador).version() == 2);
            crowd.stop();

            assertEquals(List.of(), crowd.errors());
            assertEquals(CredentialState.ACCEPTED, status(ambassador).state());
            long refusals = refusals(redis);
            System.out.printf(
                    "measured: %s: %d clients served over a gap of %d s, %d logins refused%n",
                    order, crowd.served(), RotationOrder.GAP.toSeconds(), refusals);
            assertTrue(refusals >= 1 && refusals <= 2, refusals + " logins were refused");
        }
    }

    @Test
    void aWrongPasswordDoesNotLockTheAccount() throws Exception {
        Path file = write("password", "wrong");
        try (RedisServer redis = RedisServer.withPassword("right");
                Ambassador ambassador = serve(redis, Credentials.file(null, file));
                Visitors crowd = new Visitors(Duration.ofMillis(10), () -> visit(ambassador))) {
            await().atMost(Duration.ofSeconds(60)).until(() -> crowd.errors().size() >= 600);
            crowd.stop();
            long refusals = refusals(redis);
            assertTrue(refusals >= 1 && refusals <= 10, refusals + " logins were refused");
            assertEquals(0, crowd.served());
            assertTrue(
                    crowd.errors().stream()
                            .anyMatch(said ->
                                    said.matches(".*refused the credentials; they are tried again in \\d+ s.*")),
                    crowd.errors().toString());
            assertEquals(CredentialState.REFUSED, status(ambassador).state());

            write("password", "right");
            await().atMost(Duration.ofSeconds(20)).until(() -> "PONG".equals(ping(ambassador.address("redis"))));
        }
    }

    @Test
    void clientsAreHeldNoLongerThanAllowed() throws Exception {
        Path file = write("password", "old");
        RotationSpec rotation = new RotationSpec(null, Duration.ZERO, Duration.ofSeconds(1), null);
        try (RedisServer redis = RedisServer.withPassword("old");
                Ambassador ambassador =
                        serve(redis, Credentials.file(null, file).rotating(rotation))) {
            assertEquals("PONG", ping(ambassador.address("redis")));
            password(redis, "new");
            String said = ping(ambassador.address("redis"));
            assertTrue(said.contains("the backend refused the credentials"), said);
        }
    }

    @Test
    void aHeldClientThatLeavesFreesItsPlace() throws Exception {
        Path file = write("password", "old");
        RotationSpec rotation = new RotationSpec(null, Duration.ZERO, Duration.ofMinutes(5), null);
        try (RedisServer redis = RedisServer.withPassword("old");
                Ambassador ambassador =
                        serve(redis, Credentials.file(null, file).rotating(rotation))) {
            assertEquals("PONG", ping(ambassador.address("redis")));
            await().until(() -> ambassador.services().get(0).activeConnections() == 0);
            password(redis, "new");
            for (int i = 0; i < 20; i++) {
                try (RespClient client = RespClient.connect(ambassador.address("redis"))) {
                    client.send("PING");
                    await().atMost(Duration.ofSeconds(20))
                            .until(() -> status(ambassador).waiting() == 1);
                }
                await().atMost(Duration.ofSeconds(20))
                        .until(() -> ambassador.services().get(0).activeConnections() == 0);
            }
            assertEquals(0, status(ambassador).waiting());
            assertEquals(CredentialState.AWAITING_ROTATION, status(ambassador).state());
            assertTrue(refusals(redis) <= 2, "held clients reached the server");
        }
    }

    @Test
    void connectionsOfAnOlderPasswordAreDrained() throws Exception {
        Path file = write("password", "old");
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        RotationSpec rotation =
                new RotationSpec(null, Duration.ofHours(1), Duration.ofSeconds(10), Duration.ofSeconds(4));
        try (RedisServer redis = RedisServer.withPassword("old");
                Ambassador ambassador =
                        serve(redis, Credentials.file(null, file).rotating(rotation), registry);
                RespClient quiet = RespClient.connect(ambassador.address("redis"));
                RespClient waiting = RespClient.connect(ambassador.address("redis"))) {
            assertEquals("PONG", quiet.command("PING"));
            assertEquals("PONG", waiting.command("PING"));
            waiting.send("BLPOP", "nothing", "60");
            password(redis, "new");
            write("password", "new");
            try (RespClient next = RespClient.connect(ambassador.address("redis"))) {
                assertEquals("PONG", next.command("PING"));
                await().atMost(Duration.ofSeconds(30)).until(() -> rotated(registry) == 2);
                assertThrows(RuntimeException.class, () -> quiet.command("PING"));
                assertThrows(RuntimeException.class, waiting::reply);
                assertEquals("PONG", next.command("PING"));
            }
            assertEquals(2, rotated(registry));
        }
    }

    @Test
    void aCommandThatHangsDelaysNoOtherService() throws Exception {
        Path file = write("password", "old");
        try (RedisServer redis = RedisServer.withPassword("old");
                Ambassador ambassador = Ambassador.builder()
                        .service(
                                "hangs",
                                service -> service.listen("127.0.0.1", 0)
                                        .protocol("redis")
                                        .discover(only(redis))
                                        .credentials(hanging()))
                        .service(
                                "redis",
                                service -> service.listen("127.0.0.1", 0)
                                        .protocol("redis")
                                        .discover(only(redis))
                                        .credentials(Credentials.file(null, file)))
                        .start()) {
            assertEquals("PONG", ping(ambassador.address("redis")));
            password(redis, "new");
            write("password", "new");
            assertEquals("PONG", ping(ambassador.address("redis")));
            assertEquals(0, ambassador.services().get(0).credentials().version());
            assertEquals(2, ambassador.services().get(1).credentials().version());
        }
    }

    /** Unhealthy endpoints have their connections closed; a password being changed must not come to that. */
    @Test
    void probesThatMayNotLogInCondemnNobody() throws Exception {
        Path file = write("password", "old");
        HealthSpec eager = new HealthSpec(
                Catalog.load().defaultProbe("redis"),
                Duration.ofMillis(100),
                Duration.ofSeconds(5),
                1,
                1,
                0.5,
                Duration.ZERO,
                HealthSpec.Outlier.DEFAULT);
        try (RedisServer redis = RedisServer.withPassword("old");
                Ambassador ambassador = Ambassador.builder()
                        .service(
                                "redis",
                                service -> service.listen("127.0.0.1", 0)
                                        .protocol("redis")
                                        .discover(only(redis))
                                        .health(eager)
                                        .credentials(Credentials.file(null, file)))
                        .start();
                RespClient open = RespClient.connect(ambassador.address("redis"))) {
            assertEquals("PONG", open.command("PING"));
            password(redis, "new");
            long seen = connections(redis);
            await().atMost(Duration.ofSeconds(30)).until(() -> connections(redis) >= seen + 15);
            assertEquals(CredentialState.AWAITING_ROTATION, status(ambassador).state());
            assertEquals(
                    ServiceStatus.Health.HEALTHY,
                    ambassador.services().get(0).endpoints().get(0).health());
            assertEquals(
                    ServerRole.PRIMARY,
                    ambassador.services().get(0).endpoints().get(0).role());
            assertEquals("PONG", open.command("PING"));
            assertTrue(refusals(redis) <= 2, refusals(redis) + " logins were refused");
        }
    }

    private static long connections(RedisServer redis) {
        Matcher count = CONNECTIONS.matcher((String) redis.command("INFO", "stats"));
        assertTrue(count.find());
        return Long.parseLong(count.group(1));
    }

    @Test
    void endpointsTakeTurns() throws Exception {
        Path file = write("password", "same");
        try (RedisServer one = RedisServer.withPassword("same");
                RedisServer two = RedisServer.withPassword("same");
                Ambassador ambassador = Ambassador.builder()
                        .service(
                                "redis",
                                service -> service.listen("127.0.0.1", 0)
                                        .protocol("redis")
                                        .discover(only(one, two))
                                        .credentials(Credentials.file(null, file)))
                        .start()) {
            await().until(ambassador::isReady);
            Map<Object, Integer> served = new HashMap<>();
            for (int i = 0; i < 40; i++) {
                try (RespClient client = RespClient.connect(ambassador.address("redis"))) {
                    served.merge(client.command("CONFIG", "GET", "port"), 1, Integer::sum);
                }
            }
            assertEquals(2, served.size(), served.toString());
            served.values().forEach(count -> assertTrue(count >= 15, served.toString()));
        }
    }

    private static Credentials hanging() throws ConfigurationException {
        return Credentials.of(
                null, "command", Map.of("argv", List.of("sleep", "300"), "timeout", "5m", "refresh", "100ms"));
    }

    private static double rotated(SimpleMeterRegistry registry) {
        return registry.find("ambassador.connections.closed").tag("reason", "rotated").counters().stream()
                .mapToDouble(Counter::count)
                .sum();
    }

    private static CredentialStatus status(Ambassador ambassador) {
        return ambassador.services().get(0).credentials();
    }

    private static String visit(Ambassador ambassador) throws IOException {
        String said = ping(ambassador.address("redis"));
        return said.equals("PONG") ? Visitors.SERVED : said;
    }

    private void change(boolean atTheServer, RedisServer redis) throws IOException {
        if (atTheServer) {
            password(redis, "new");
        } else {
            write("password", "new");
        }
    }

    private static void password(RedisServer redis, String password) {
        redis.command("CONFIG", "SET", "requirepass", password);
    }

    private static long refusals(RedisServer redis) {
        Matcher count = REFUSALS.matcher((String) redis.command("INFO", "errorstats"));
        return count.find() ? Long.parseLong(count.group(1)) : 0;
    }

    private Path write(String name, String text) throws IOException {
        Path next = Files.createTempFile(
                directory,
                "new",
                "",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(next, text + "\n");
        return Files.move(
                next, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static Ambassador serve(RedisServer redis, Credentials credentials) throws Exception {
        return serve(redis, credentials, new SimpleMeterRegistry());
    }

    private static Ambassador serve(RedisServer redis, Credentials credentials, SimpleMeterRegistry registry)
            throws Exception {
        Ambassador ambassador = Ambassador.builder()
                .service(
                        "redis",
                        service -> service.listen("127.0.0.1", 0)
                                .protocol("redis")
                                .discover(only(redis))
                                .credentials(credentials))
                .meterRegistry(registry)
                .start();
        await().until(ambassador::isReady);
        return ambassador;
    }

    private static EndpointSource only(RedisServer... servers) {
        return listener -> {
            listener.onState(new EndpointState.Known(Stream.of(servers)
                    .map(redis -> Endpoint.of("127.0.0.1", redis.port()))
                    .collect(Collectors.toSet())));
            return () -> {};
        };
    }

    /** What a client is told, however long that takes. */
    private static String ping(InetSocketAddress address) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(address, 10_000);
            socket.setSoTimeout(180_000);
            socket.getOutputStream().write(RespClient.encode("PING"));
            return String.valueOf(RespClient.read(socket.getInputStream()));
        } catch (RespClient.ErrorReply e) {
            return e.getMessage();
        }
    }
}
