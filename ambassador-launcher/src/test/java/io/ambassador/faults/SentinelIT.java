package io.ambassador.faults;

import static io.ambassador.faults.Running.report;
import static io.ambassador.faults.Running.status;
import static io.ambassador.testkit.SentinelServer.MASTER;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.service.Credentials;
import io.ambassador.service.Role;
import io.ambassador.spi.protocol.ServerRole;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.RedisServer;
import io.ambassador.testkit.RespClient;
import io.ambassador.testkit.SentinelServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real sentinels that move a real primary, or are gone themselves. Both have passwords, which differ. */
class SentinelIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String SERVER_PASSWORD = "s3rver";
    private static final String SENTINEL_PASSWORD = "s3ntinel";

    @TempDir
    Path folder;

    private Path serverSecret;
    private Path sentinelSecret;
    private RedisServer first;
    private RedisServer second;
    private final List<SentinelServer> sentinels = new ArrayList<>();

    @BeforeEach
    void writeSecrets() throws IOException {
        serverSecret = secret("server", SERVER_PASSWORD);
        sentinelSecret = secret("sentinel", SENTINEL_PASSWORD);
    }

    private Path secret(String name, String value) throws IOException {
        Path file = Files.writeString(folder.resolve(name), value);
        file.toFile().setReadable(false, false);
        file.toFile().setReadable(true, true);
        return file;
    }

    @AfterEach
    void stop() {
        sentinels.forEach(SentinelServer::close);
        for (RedisServer redis : new RedisServer[] {first, second}) {
            if (redis != null) {
                redis.close();
            }
        }
    }

    private void startServers(int count) {
        first = redis().start();
        second = redis().setting("replicaof", "127.0.0.1 " + first.port()).start();
        for (int i = 0; i < count; i++) {
            sentinels.add(SentinelServer.of(first.port())
                    .quorum(count / 2 + 1)
                    .password(SENTINEL_PASSWORD)
                    .serverPassword(SERVER_PASSWORD)
                    .start());
        }
        for (SentinelServer sentinel : sentinels) {
            await().atMost(PATIENCE).until(() -> sentinel.others() == count - 1 && sentinel.readyReplicas() == 1);
        }
    }

    private static RedisServer.Builder redis() {
        return RedisServer.builder()
                .password(SERVER_PASSWORD)
                .setting("masterauth", SERVER_PASSWORD)
                .setting("repl-timeout", "5");
    }

    private Ambassador ambassador(Ambassador.Builder builder, Role role) throws Exception {
        List<String> addresses = sentinels.stream().map(SentinelServer::address).toList();
        return builder.service("orders", service -> {
                    service.listen("127.0.0.1", 0)
                            .protocol("redis")
                            .discover(
                                    "sentinel",
                                    Map.of(
                                            "addresses", addresses,
                                            "master", MASTER,
                                            "password", Map.of("file", sentinelSecret.toString())))
                            .credentials(Credentials.file(null, serverSecret));
                    if (role != null) {
                        service.role(role);
                    }
                })
                .start();
    }

    private static Map<Integer, ServerRole> roles(Ambassador ambassador) {
        return status(ambassador).endpoints().stream()
                .collect(Collectors.toMap(
                        endpoint -> endpoint.endpoint().port(),
                        endpoint -> endpoint.role(),
                        (a, b) -> a,
                        TreeMap::new));
    }

    private void awaitRoles(Ambassador ambassador) {
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertEquals(
                        Map.of(first.port(), ServerRole.PRIMARY, second.port(), ServerRole.REPLICA),
                        roles(ambassador)));
    }

    /** Completes with the moment at which {@code sentinel} publishes the next switch. */
    private static CompletableFuture<Long> nextSwitch(SentinelServer sentinel) {
        RespClient client = sentinel.client();
        client.command("SUBSCRIBE", "+switch-master");
        return CompletableFuture.supplyAsync(() -> {
            try (client) {
                client.reply();
                return System.nanoTime();
            }
        });
    }

    @Test
    void failOverMovesNewConnectionsWithinASecondAndRoleIsPrimaryUnlessToldOtherwise() throws Exception {
        startServers(3);
        try (Ambassador ambassador = ambassador(Ambassador.builder(), null)) {
            awaitRoles(ambassador);
            InetSocketAddress address = ambassador.address("orders");
            try (NewConnections clients = NewConnections.start(() -> RedisPort.of(address), 4, 100)) {
                await().atMost(PATIENCE).until(() -> clients.all().size() > 50);
                assertEquals(List.of(), NewConnections.failed(clients.all()));
                assertTrue(clients.all().stream().allMatch(call -> call.backend() == first.port()));

                CompletableFuture<Long> published = nextSwitch(sentinels.get(0));
                first.kill();
                await().atMost(PATIENCE).until(published::isDone);
                long switched = published.get();
                await().atMost(PATIENCE)
                        .until(() ->
                                clients.since(switched).stream().anyMatch(call -> call.backend() == second.port()));
                long served = clients.since(switched).stream()
                        .filter(call -> call.backend() == second.port())
                        .mapToLong(NewConnections.Call::ended)
                        .min()
                        .orElseThrow();
                report("+switch-master: the first client was served %d ms later", (served - switched) / 1_000_000);
                long enough = switched + Duration.ofSeconds(1).toNanos();
                await().atMost(PATIENCE).until(() -> clients.since(enough).size() > 50);
                assertEquals(List.of(), NewConnections.failed(clients.since(enough)));
                assertTrue(clients.since(enough).stream().allMatch(call -> call.backend() == second.port()));
            }
        }
    }

    @Test
    void orderedFailOverLosesNoNewConnectionToTheOldPrimary() throws Exception {
        startServers(1);
        try (Ambassador ambassador = ambassador(Ambassador.builder(), Role.PRIMARY)) {
            awaitRoles(ambassador);
            InetSocketAddress address = ambassador.address("orders");
            try (NewConnections clients = NewConnections.start(() -> RedisPort.of(address), 4, 100)) {
                CompletableFuture<Long> published = nextSwitch(sentinels.get(0));
                assertEquals("OK", sentinels.get(0).command("SENTINEL", "FAILOVER", MASTER));
                await().atMost(PATIENCE).until(published::isDone);
                long enough = published.get() + Duration.ofSeconds(1).toNanos();
                await().atMost(PATIENCE).until(() -> clients.since(enough).size() > 50);
                assertTrue(clients.since(enough).stream().allMatch(call -> call.backend() == second.port()));
                report(
                        "SENTINEL FAILOVER: %d of %d new connections failed",
                        NewConnections.failed(clients.all()).size(),
                        clients.all().size());
            }
        }
    }

    @Test
    void frozenPrimaryThatWakesUpDemotedGetsNoConnections() throws Exception {
        startServers(3);
        try (Ambassador ambassador = ambassador(Ambassador.builder(), Role.PRIMARY)) {
            awaitRoles(ambassador);
            InetSocketAddress address = ambassador.address("orders");
            CompletableFuture<Long> published = nextSwitch(sentinels.get(0));
            first.pause();
            await().atMost(PATIENCE).until(published::isDone);
            await().atMost(PATIENCE).until(() -> roles(ambassador).get(second.port()) == ServerRole.PRIMARY);
            sentinels.forEach(SentinelServer::pause); // nobody tells the old primary for now
            long resumed = System.nanoTime();
            first.resume();
            assertEquals("master", ((List<?>) first.command("ROLE")).get(0), "it has not heard yet");
            try (NewConnections clients = NewConnections.start(() -> RedisPort.of(address), 4, 100)) {
                // Long enough for the sentinels to count as gone and for probes to hear what the old primary says.
                await().atMost(PATIENCE)
                        .until(() -> status(ambassador).sources().get(0).stale()
                                && System.nanoTime() - resumed
                                        > Duration.ofSeconds(7).toNanos());
                assertEquals("master", ((List<?>) first.command("ROLE")).get(0));
                assertEquals(List.of(), NewConnections.failed(clients.all()));
                assertTrue(clients.all().stream().allMatch(call -> call.backend() == second.port()));
                assertEquals(ServerRole.PRIMARY, roles(ambassador).get(second.port()));
            }
        }
    }

    @Test
    void withoutSentinelsServersTellTheirRolesEvenAfterARestart() throws Exception {
        startServers(1);
        Path cache = folder.resolve("cache");
        try (Ambassador before = ambassador(Ambassador.builder().cacheDirectory(cache), null)) {
            awaitRoles(before);
            await().atMost(PATIENCE).until(() -> Files.exists(cache));
        }
        sentinels.get(0).kill();
        try (Ambassador after = ambassador(Ambassador.builder().cacheDirectory(cache), null)) {
            awaitRoles(after);
            assertEquals(first.port(), RedisPort.of(after.address("orders")));

            first.command("CONFIG", "SET", "min-replicas-to-write", "0");
            second.command("REPLICAOF", "NO", "ONE");
            first.command("REPLICAOF", "127.0.0.1", Integer.toString(second.port()));
            await().atMost(PATIENCE).until(() -> roles(after).get(second.port()) == ServerRole.PRIMARY);
            assertEquals(second.port(), RedisPort.of(after.address("orders")), "its own word is all there is");
            assertTrue(status(after).sources().get(0).stale());
        }
    }

    @Test
    void sentinelWithTlsIsVerified() throws Exception {
        Certificates certificates = Certificates.in(folder);
        Certificates others = Certificates.in(Files.createDirectory(folder.resolve("others")));
        first = redis().start();
        sentinels.add(SentinelServer.of(first.port())
                .password(SENTINEL_PASSWORD)
                .serverPassword(SERVER_PASSWORD)
                .tls(certificates.server("127.0.0.1", "localhost"))
                .start());
        try (Ambassador right = withTls(certificates.ca());
                Ambassador wrong = withTls(others.ca())) {
            await().atMost(PATIENCE).until(() -> status(right).endpoints().size() == 1);
            assertEquals(first.port(), RedisPort.of(right.address("orders")));
            await().atMost(PATIENCE)
                    .until(() -> status(wrong).sources().get(0).state().equals("unreachable"));
            String why = status(wrong).sources().get(0).lastError();
            assertTrue(why.contains("TLS failed"), why);
            assertFalse(why.contains(SENTINEL_PASSWORD));
        }
    }

    private Ambassador withTls(Path ca) throws Exception {
        return Ambassador.builder()
                .service(
                        "orders",
                        service -> service.listen("127.0.0.1", 0)
                                .protocol("redis")
                                .discover(
                                        "sentinel",
                                        Map.of(
                                                "addresses",
                                                        List.of(sentinels.get(0).address()),
                                                "master", MASTER,
                                                "tls", Map.of("ca", ca.toString()),
                                                "password", Map.of("file", sentinelSecret.toString())))
                                .credentials(Credentials.file(null, serverSecret)))
                .start();
    }
}
