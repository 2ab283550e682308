package io.ambassador.auth.redis;

import static io.ambassador.testkit.Timing.assertWithin;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.service.Catalog;
import io.ambassador.service.Credentials;
import io.ambassador.service.HealthSpec;
import io.ambassador.service.ServiceStatus;
import io.ambassador.service.TlsSpec;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.RedisServer;
import io.ambassador.testkit.RespClient;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.TransactionResult;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.Transaction;

/** Unmodified clients that know no password, an ambassador that does, and real servers. */
class RedisThroughAmbassadorIT {
    private static final String PASSWORD = "s3cret p\u00e4ss";

    private static final String NAME = "redis.example";

    /** The servers that clients without a password are to be served by. */
    enum Server {
        PASSWORD_ALONE(null, false),
        ACL_USER("app", false),
        PASSWORD_ALONE_OVER_TLS(null, true),
        ACL_USER_OVER_TLS("app", true);

        private final String username;
        private final boolean tls;

        Server(String username, boolean tls) {
            this.username = username;
            this.tls = tls;
        }

        RedisServer start(Certificates certificates) {
            RedisServer.Builder redis = RedisServer.builder();
            if (tls) {
                redis.tls(certificates.server(NAME));
            }
            return username == null
                    ? redis.password(PASSWORD).start()
                    : redis.defaultUserOff().user(username, PASSWORD).start();
        }
    }

    @TempDir
    Path directory;

    private Certificates certificates;

    @BeforeEach
    void makeCertificates() {
        certificates = Certificates.in(directory);
    }

    @ParameterizedTest
    @EnumSource
    void redisCliNeedsNoPassword(Server server) throws Exception {
        try (RedisServer redis = server.start(certificates);
                Ambassador ambassador = inFrontOf(redis, server)) {
            assertEquals("PONG", cli(ambassador, "PING"));
            assertEquals("OK", cli(ambassador, "SET", "greeting", "hello"));
            assertEquals("hello", cli(ambassador, "GET", "greeting"));
            assertEquals("PONG", cli(ambassador, "-3", "PING"));
            assertEquals("hello", cli(ambassador, "-3", "GET", "greeting"));
            assertEquals(server.username == null ? "default" : "app", cli(ambassador, "ACL", "WHOAMI"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void redisBenchmarkNeedsNoPassword(Server server) throws Exception {
        try (RedisServer redis = server.start(certificates);
                Ambassador ambassador = inFrontOf(redis, server)) {
            String port = Integer.toString(ambassador.address("redis").getPort());
            String said = run(
                    "redis-benchmark",
                    "-h",
                    "127.0.0.1",
                    "-p",
                    port,
                    "-n",
                    "20000",
                    "-c",
                    "20",
                    "-P",
                    "8",
                    "-t",
                    "set,get",
                    "-r",
                    "1000",
                    "-q");
            assertEquals(
                    2,
                    said.lines()
                            .filter(line -> line.contains("requests per second"))
                            .count(),
                    said);
            assertFalse(said.contains("rror"), said);
            assertTrue((Long) redis.command("DBSIZE") > 100);
        }
    }

    @ParameterizedTest
    @EnumSource
    void lettuceNeedsNoPassword(Server server) throws Exception {
        try (RedisServer redis = server.start(certificates);
                Ambassador ambassador = inFrontOf(redis, server)) {
            for (ProtocolVersion version : List.of(ProtocolVersion.RESP2, ProtocolVersion.RESP3)) {
                lettuce(ambassador, version);
            }
        }
    }

    private static void lettuce(Ambassador ambassador, ProtocolVersion version) throws Exception {
        RedisClient client = RedisClient.create(RedisURI.builder()
                .withHost("127.0.0.1")
                .withPort(ambassador.address("redis").getPort())
                .withTimeout(Duration.ofSeconds(10))
                .build());
        client.setOptions(ClientOptions.builder().protocolVersion(version).build());
        try (StatefulRedisConnection<String, String> connection = client.connect();
                StatefulRedisPubSubConnection<String, String> subscriber = client.connectPubSub()) {
            assertEquals("OK", connection.sync().set("lettuce", "x"));
            assertEquals("x", connection.sync().get("lettuce"));

            connection.sync().multi();
            connection.sync().incr("lettuce-count");
            connection.sync().incr("lettuce-count");
            TransactionResult result = connection.sync().exec();
            assertEquals(1L, (Long) result.get(1) - (Long) result.get(0));

            BlockingQueue<String> heard = new LinkedBlockingQueue<>();
            subscriber.addListener(new RedisPubSubAdapter<>() {
                @Override
                public void message(String channel, String message) {
                    heard.add(message);
                }
            });
            subscriber.sync().subscribe("news");
            assertEquals(1L, connection.sync().publish("news", "all well"));
            assertEquals("all well", heard.poll(10, TimeUnit.SECONDS));
        } finally {
            client.shutdown(Duration.ZERO, Duration.ofSeconds(5));
        }
    }

    @ParameterizedTest
    @EnumSource
    void jedisNeedsNoPassword(Server server) throws Exception {
        try (RedisServer redis = server.start(certificates);
                Ambassador ambassador = inFrontOf(redis, server)) {
            for (RedisProtocol protocol : List.of(RedisProtocol.RESP2, RedisProtocol.RESP3)) {
                jedis(ambassador, protocol);
            }
        }
    }

    private static void jedis(Ambassador ambassador, RedisProtocol protocol) {
        HostAndPort address =
                new HostAndPort("127.0.0.1", ambassador.address("redis").getPort());
        try (Jedis jedis = new Jedis(
                address, DefaultJedisClientConfig.builder().protocol(protocol).build())) {
            assertEquals("PONG", jedis.ping());
            jedis.del("jedis-count");

            List<Response<Long>> counts = new ArrayList<>();
            try (Pipeline pipeline = jedis.pipelined()) {
                for (int i = 0; i < 1_000; i++) {
                    counts.add(pipeline.incr("jedis-count"));
                }
                pipeline.sync();
            }
            for (int i = 0; i < 1_000; i++) {
                assertEquals(i + 1, counts.get(i).get());
            }

            try (Transaction transaction = jedis.multi()) {
                Response<String> set = transaction.set("jedis", "y");
                Response<String> get = transaction.get("jedis");
                transaction.exec();
                assertEquals("OK", set.get());
                assertEquals("y", get.get());
            }
        }
    }

    /** As a hostile page could make it, whose body a server would run if it were given it. */
    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "GET", "OPTIONS"})
    void aBrowserRunsNoCommand(String method) throws Exception {
        try (RedisServer redis = RedisServer.withPassword(PASSWORD);
                Ambassador ambassador = inFrontOf(redis, Server.PASSWORD_ALONE)) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(
                            "http://127.0.0.1:" + ambassador.address("redis").getPort() + "/"))
                    .version(HttpClient.Version.HTTP_1_1)
                    .method(method, HttpRequest.BodyPublishers.ofString("\r\nSET browser was-here\r\n"))
                    .timeout(Duration.ofSeconds(10))
                    .build();
            assertThrows(
                    IOException.class,
                    () -> HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()));
            assertEquals(0L, redis.command("DBSIZE"));
            String calls = (String) redis.command("INFO", "commandstats");
            assertFalse(calls.contains("cmdstat_get:") || calls.contains("cmdstat_post:"), calls);
        }
    }

    /** Commands sent before the login is over reach the server after it, once and in order. */
    @Test
    void commandsSentAtOnceWaitForTheLogin() throws Exception {
        try (RedisServer redis = RedisServer.withPassword(PASSWORD);
                Ambassador ambassador = inFrontOf(redis, Server.PASSWORD_ALONE)) {
            for (int round = 0; round < 50; round++) {
                try (RespClient client = RespClient.connect(ambassador.address("redis"))) {
                    String list = "list-" + round;
                    for (int i = 1; i <= 20; i++) {
                        client.send("RPUSH", list, Integer.toString(i));
                    }
                    for (long i = 1; i <= 20; i++) {
                        assertEquals(i, client.reply());
                    }
                    assertEquals(20L, client.command("LLEN", list));
                }
            }
        }
    }

    @Test
    void aClientCertificateIsShownWhereTheServerWantsOne() throws Exception {
        TlsSpec with = trusting(certificates.ca(), certificates.client("app"));
        TlsSpec without = trusting(certificates.ca(), null);
        try (RedisServer redis = RedisServer.builder()
                .password(PASSWORD)
                .tls(certificates.server(NAME), certificates.ca())
                .start()) {
            try (Ambassador ambassador = inFrontOf(redis, null, with)) {
                assertEquals("PONG", cli(ambassador, "PING"));
            }
            try (Ambassador ambassador = inFrontOf(redis, null, without)) {
                assertTrue(refusal(ambassador).startsWith("ERR ambassador: "));
            }
        }
    }

    @Test
    void noPasswordIsSentToAServerThatCannotBeTrusted() throws Exception {
        Certificates others = Certificates.in(Files.createDirectory(directory.resolve("others")));
        List<Certificates.Issued> untrusted = List.of(
                others.server(NAME),
                certificates.server("elsewhere.example"),
                certificates.expiredServer(NAME),
                certificates.notYetValidServer(NAME),
                certificates.wrongPurposeServer(NAME),
                certificates.namelessServer(NAME));
        for (Certificates.Issued certificate : untrusted) {
            try (RedisServer redis = RedisServer.builder()
                            .password("another, so that a login would be refused")
                            .tls(certificate)
                            .start();
                    Ambassador ambassador = inFrontOf(redis, Server.PASSWORD_ALONE_OVER_TLS)) {
                String logins = logins(redis);
                String said = refusal(ambassador);
                assertTrue(said.startsWith("ERR ambassador: no endpoint could be trusted"), said);
                assertEquals(logins, logins(redis));
            }
        }
    }

    /** How often the server was given a password, this question's own included. */
    private static String logins(RedisServer redis) {
        Matcher line = Pattern.compile("cmdstat_auth:\\S+").matcher((String) redis.command("INFO", "commandstats"));
        return line.find() ? line.group().replaceFirst("usec.*", "") : "none";
    }

    @Test
    void aWrongSecretIsAClearErrorAtOnce() throws Exception {
        try (RedisServer redis = RedisServer.withPassword("another");
                Ambassador ambassador = inFrontOf(redis, Server.PASSWORD_ALONE)) {
            long begin = System.nanoTime();
            String said = refusal(ambassador);
            long millis = (System.nanoTime() - begin) / 1_000_000;
            assertTrue(
                    said.matches("ERR ambassador: the backend refused the credentials[^(]* \\(id [0-9a-f]{8}\\)"),
                    said);
            assertWithin(Duration.ofSeconds(1), millis);
            assertTrue(cli(ambassador, "PING").contains("ambassador: the backend refused the credentials"));
        }
    }

    /** As probes find every endpoint unhealthy, what clients are told must not become "no endpoint". */
    @Test
    void aWrongSecretStaysAClearErrorWhileProbesFail() throws Exception {
        Path file = directory.resolve("wrong");
        write(file, PASSWORD);
        HealthSpec eager = new HealthSpec(
                Catalog.load().defaultProbe("redis"),
                Duration.ofMillis(200),
                Duration.ofSeconds(1),
                1,
                1,
                0.5,
                Duration.ZERO,
                HealthSpec.Outlier.DEFAULT);
        try (RedisServer redis = RedisServer.withPassword("another");
                Ambassador ambassador = serve(redis, Credentials.file(null, file), service -> service.health(eager))) {
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> ambassador.services().get(0).endpoints().stream()
                            .allMatch(endpoint -> endpoint.health() == ServiceStatus.Health.UNHEALTHY));
            String said = refusal(ambassador);
            assertTrue(said.startsWith("ERR ambassador: the backend refused the credentials"), said);
        }
    }

    @Test
    void aServerWithoutAPasswordIsAClearError() throws Exception {
        try (RedisServer redis = RedisServer.start();
                Ambassador ambassador = inFrontOf(redis, Server.PASSWORD_ALONE)) {
            String said = refusal(ambassador);
            assertTrue(said.startsWith("ERR ambassador: the backend refused the credentials"), said);
        }
    }

    @Test
    void aMissingSecretIsAClearErrorUntilItIsThere() throws Exception {
        Path file = directory.resolve("later");
        try (RedisServer redis = RedisServer.withPassword(PASSWORD);
                Ambassador ambassador = serve(redis, Credentials.file(null, file))) {
            String said = refusal(ambassador);
            assertTrue(said.startsWith("ERR ambassador: there is no secret to log in with"), said);
            write(file, PASSWORD);
            await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertEquals("PONG", cli(ambassador, "PING")));
        }
    }

    @Test
    void aRotatedPasswordIsUsedByTheNextConnectionWhileOldOnesLive() throws Exception {
        Path file = directory.resolve("password");
        write(file, PASSWORD);
        try (RedisServer redis = RedisServer.withPassword(PASSWORD);
                Ambassador ambassador = serve(redis, Credentials.file(null, file));
                RespClient old = RespClient.connect(ambassador.address("redis"))) {
            assertEquals("PONG", old.command("PING"));

            redis.command("CONFIG", "SET", "requirepass", "rotated");
            write(file, "rotated\n");
            try (RespClient next = RespClient.connect(ambassador.address("redis"))) {
                assertEquals("PONG", next.command("PING"));
            }
            assertEquals("PONG", old.command("PING"));
            assertEquals(2, ambassador.services().get(0).credentials().version());
        }
    }

    @Test
    void withoutCredentialsTheClientsOwnPasswordGoesThrough() throws Exception {
        try (RedisServer redis = RedisServer.withPassword(PASSWORD);
                Ambassador ambassador = serve(redis, null);
                RespClient client = RespClient.connect(ambassador.address("redis"))) {
            assertThrows(RespClient.ErrorReply.class, () -> client.command("PING"));
            assertEquals("OK", client.command("AUTH", PASSWORD));
            assertEquals("PONG", client.command("PING"));
        }
    }

    private Ambassador inFrontOf(RedisServer redis, Server server) throws Exception {
        return inFrontOf(redis, server.username, server.tls ? trusting(certificates.ca(), null) : null);
    }

    private Ambassador inFrontOf(RedisServer redis, String username, TlsSpec tls) throws Exception {
        Path file = directory.resolve("redis-password");
        write(file, PASSWORD + "\n");
        return serve(redis, Credentials.file(username, file), service -> {
            if (tls != null) {
                service.tls(tls);
            }
        });
    }

    private static TlsSpec trusting(Path ca, Certificates.Issued client) {
        return new TlsSpec(
                NAME, ca, client == null ? null : client.certificate(), client == null ? null : client.key());
    }

    private static Ambassador serve(RedisServer redis, Credentials credentials) throws Exception {
        return serve(redis, credentials, service -> {});
    }

    private static Ambassador serve(RedisServer redis, Credentials credentials, Ambassador.Builder.Definition more)
            throws Exception {
        Ambassador ambassador = Ambassador.builder()
                .service("redis", service -> {
                    service.listen("127.0.0.1", 0).protocol("redis").discover(only(redis.port()));
                    if (credentials != null) {
                        service.credentials(credentials);
                    }
                    more.define(service);
                })
                .start();
        await().until(ambassador::isReady);
        return ambassador;
    }

    private static EndpointSource only(int port) {
        return listener -> {
            listener.onState(new EndpointState.Known(Set.of(Endpoint.of("127.0.0.1", port))));
            return () -> {};
        };
    }

    private static void write(Path file, String text) throws IOException {
        Path next = Files.createTempFile(
                file.getParent(),
                "next",
                "",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(next, text);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static String refusal(Ambassador ambassador) {
        try (RespClient client = RespClient.connect(ambassador.address("redis"))) {
            return assertThrows(RespClient.ErrorReply.class, client::reply).getMessage();
        }
    }

    private static String cli(Ambassador ambassador, String... command) throws Exception {
        List<String> line = new ArrayList<>(List.of(
                "redis-cli",
                "--no-auth-warning",
                "-h",
                "127.0.0.1",
                "-p",
                Integer.toString(ambassador.address("redis").getPort())));
        line.addAll(List.of(command));
        return run(line.toArray(String[]::new));
    }

    private static String run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS), said);
        return said;
    }
}
