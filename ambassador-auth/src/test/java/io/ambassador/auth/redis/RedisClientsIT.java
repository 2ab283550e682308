package io.ambassador.auth.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.service.Credentials;
import io.ambassador.service.TlsSpec;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.DriverTable;
import io.ambassador.testkit.RedisServer;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.KeyValue;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.TrackingArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisPubSub;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.Transaction;

/** What unmodified clients do all day, through an ambassador with and without its guard. */
class RedisClientsIT {
    private static final String USER = "app";
    private static final String PASSWORD = "s3cret p\u00e4ss";
    private static final String NAME = "redis.example";
    private static final DriverTable DRIVERS = DriverTable.of("redis");

    /** How a service is set up. */
    enum Setup {
        PLAIN,
        GUARDED,
        GUARDED_OVER_TLS
    }

    private static Map<Setup, RedisServer> servers;
    private static Map<Setup, Ambassador> ambassadors;
    private static String redisVersion;

    @BeforeAll
    static void start(@TempDir Path directory) throws Exception {
        Certificates certificates = Certificates.in(directory);
        RedisServer plain =
                RedisServer.builder().defaultUserOff().user(USER, PASSWORD).start();
        RedisServer encrypted = RedisServer.builder()
                .defaultUserOff()
                .user(USER, PASSWORD)
                .tls(certificates.server(NAME))
                .start();
        servers = Map.of(Setup.PLAIN, plain, Setup.GUARDED, plain, Setup.GUARDED_OVER_TLS, encrypted);
        TlsSpec tls = new TlsSpec(NAME, certificates.ca(), null, null);
        Path secret = Files.createTempFile(directory, "secret", ""); // readable by us alone
        Files.writeString(secret, PASSWORD);
        ambassadors = Map.of(
                Setup.PLAIN, serve(plain, secret, null, false),
                Setup.GUARDED, serve(plain, secret, null, true),
                Setup.GUARDED_OVER_TLS, serve(encrypted, secret, tls, true));
        redisVersion = run("redis-cli", "--version").replaceAll("redis-cli ([0-9]+\\.[0-9]+).*", "$1");
    }

    private static Ambassador serve(RedisServer redis, Path secret, TlsSpec tls, boolean guard) throws Exception {
        Ambassador ambassador = Ambassador.builder()
                .service("redis", service -> {
                    service.listen("127.0.0.1", 0)
                            .protocol("redis", Map.of("guard", guard))
                            .discover(listener -> {
                                listener.onState(
                                        new EndpointState.Known(Set.of(Endpoint.of("127.0.0.1", redis.port()))));
                                return () -> {};
                            })
                            .credentials(Credentials.file(USER, secret));
                    if (tls != null) {
                        service.tls(tls);
                    }
                })
                .start();
        await().until(ambassador::isReady);
        return ambassador;
    }

    @AfterAll
    static void stop() {
        ambassadors.values().forEach(Ambassador::close);
        Set.copyOf(servers.values()).forEach(RedisServer::close);
        DRIVERS.check();
    }

    private static int port(Setup setup) {
        return ambassadors.get(setup).address("redis").getPort();
    }

    @ParameterizedTest
    @EnumSource
    void redisCli(Setup setup) throws Exception {
        assertEquals("OK", cli(setup, "SET", "greeting", "hello"));
        assertEquals("hello", cli(setup, "-a", "whatever", "GET", "greeting"));
        assertEquals("hello", cli(setup, "--user", "somebody", "-a", "whatever", "GET", "greeting"));
        assertEquals("hello", cli(setup, "-3", "-a", "whatever", "GET", "greeting"));
        assertEquals(USER, cli(setup, "-3", "-n", "2", "ACL", "WHOAMI"));
        assertEquals("1", cli(setup, "EVAL", "return redis.call('EXISTS', KEYS[1])", "1", "greeting"));
        DRIVERS.passed("redis-cli", redisVersion, "client-side password", "RESP3", "scripts");

        StringBuilder commands = new StringBuilder();
        for (int i = 0; i < 20_000; i++) {
            commands.append("SET piped-").append(i).append(' ').append(i).append("\r\n");
        }
        Process pipe = start(List.of("redis-cli", "-p", "" + port(setup), "--pipe"));
        try (OutputStream in = pipe.getOutputStream()) {
            in.write(commands.toString().getBytes(UTF_8));
        }
        String said = new String(pipe.getInputStream().readAllBytes(), UTF_8);
        assertTrue(said.contains("errors: 0, replies: 20000"), said);
        assertEquals("19999", cli(setup, "GET", "piped-19999"));
        DRIVERS.passed("redis-cli", redisVersion, "--pipe");

        Process subscriber = start(List.of("redis-cli", "-p", "" + port(setup), "SUBSCRIBE", "news"));
        try (BufferedReader heard = subscriber.inputReader()) {
            for (String line : List.of("subscribe", "news", "1")) {
                assertEquals(line, heard.readLine().replaceAll("^.*\\) |\"|\\(integer\\) ", ""));
            }
            assertEquals("1", cli(setup, "PUBLISH", "news", "all well"));
            for (String line : List.of("message", "news", "all well")) {
                assertEquals(line, heard.readLine().replaceAll("^.*\\) |\"", ""));
            }
        } finally {
            subscriber.destroy();
        }
        DRIVERS.passed("redis-cli", redisVersion, "pub/sub");
    }

    @ParameterizedTest
    @EnumSource(names = {"PLAIN", "GUARDED"})
    void redisCliWithAValueOf256MiB(Setup setup) throws Exception {
        byte[] mebibyte = new byte[1 << 20];
        new Random(1).nextBytes(mebibyte);
        Process set = start(List.of("redis-cli", "-p", "" + port(setup), "-x", "SET", "big"));
        try (OutputStream value = set.getOutputStream()) {
            for (int i = 0; i < 256; i++) {
                mebibyte[0] = (byte) i;
                value.write(mebibyte);
            }
        }
        assertEquals("OK", new String(set.getInputStream().readAllBytes(), UTF_8).strip());
        Process get = start(List.of("redis-cli", "-p", "" + port(setup), "GET", "big"));
        try (InputStream value = get.getInputStream()) {
            for (int i = 0; i < 256; i++) {
                mebibyte[0] = (byte) i;
                assertArrayEquals(mebibyte, value.readNBytes(mebibyte.length));
            }
            assertEquals("\n", new String(value.readAllBytes(), UTF_8), "which redis-cli adds");
        }
        assertEquals("1", cli(setup, "DEL", "big"));
        DRIVERS.passed("redis-cli", redisVersion, "values of 256 MiB");
    }

    @ParameterizedTest
    @EnumSource
    void redisBenchmark(Setup setup) throws Exception {
        for (List<String> password : List.of(List.<String>of(), List.of("-a", "whatever"))) {
            List<String> command = new ArrayList<>(List.of(
                    "redis-benchmark",
                    "-p",
                    "" + port(setup),
                    "-n",
                    "5000",
                    "-c",
                    "20",
                    "-P",
                    "16",
                    "-q",
                    "-t",
                    "set,get,lpush,mset"));
            command.addAll(password);
            String said = run(command.toArray(String[]::new));
            assertEquals(
                    4,
                    said.lines()
                            .filter(line -> line.contains("requests per second"))
                            .count(),
                    said);
            assertFalse(said.contains("rror"), said);
        }
        DRIVERS.passed("redis-benchmark", redisVersion, "pipelining", "client-side password");
    }

    @ParameterizedTest
    @CsvSource({
        "PLAIN, RESP2, false",
        "PLAIN, RESP2, true",
        "PLAIN, RESP3, false",
        "PLAIN, RESP3, true",
        "GUARDED, RESP2, true",
        "GUARDED, RESP3, false",
        "GUARDED, RESP3, true",
        "GUARDED_OVER_TLS, RESP3, true"
    })
    void lettuce(Setup setup, ProtocolVersion protocol, boolean password) throws Exception {
        RedisURI.Builder uri = RedisURI.builder()
                .withHost("127.0.0.1")
                .withPort(port(setup))
                .withClientName("lettuce-it")
                .withTimeout(Duration.ofSeconds(20));
        if (password) {
            uri.withAuthentication("somebody", "whatever".toCharArray());
        }
        RedisClient client = RedisClient.create(uri.build());
        client.setOptions(ClientOptions.builder().protocolVersion(protocol).build());
        String version = DriverTable.versionOf(RedisClient.class);
        try (StatefulRedisConnection<String, String> connection = client.connect();
                StatefulRedisConnection<String, String> second = client.connect();
                StatefulRedisPubSubConnection<String, String> subscriber = client.connectPubSub()) {
            assertEquals(USER, connection.sync().aclWhoami());
            DRIVERS.passed("Lettuce", version, protocol.name(), password ? "client-side password" : "no password");
            connection.sync().flushdb();

            connection.setAutoFlushCommands(false);
            List<RedisFuture<Long>> counts = new ArrayList<>();
            for (int i = 0; i < 5_000; i++) {
                counts.add(connection.async().incr("count"));
            }
            connection.flushCommands();
            connection.setAutoFlushCommands(true);
            for (int i = 0; i < counts.size(); i++) {
                assertEquals(i + 1, counts.get(i).get(20, TimeUnit.SECONDS));
            }
            DRIVERS.passed("Lettuce", version, "pipelining");

            connection.sync().multi();
            connection.sync().incr("count");
            assertEquals(5_001L, (Long) connection.sync().exec().get(0));
            connection.sync().watch("count");
            second.sync().incr("count");
            connection.sync().multi();
            connection.sync().set("count", "0");
            assertTrue(connection.sync().exec().wasDiscarded());
            DRIVERS.passed("Lettuce", version, "MULTI/EXEC", "WATCH");

            assertEquals(5_002L, (Long) connection
                    .sync()
                    .eval("return tonumber(redis.call('GET', KEYS[1]))", ScriptOutputType.INTEGER, "count"));
            DRIVERS.passed("Lettuce", version, "scripts");

            RedisFuture<KeyValue<String, String>> popped = connection.async().blpop(20, "queue");
            second.sync().rpush("queue", "job");
            assertEquals("job", popped.get(20, TimeUnit.SECONDS).getValue());
            DRIVERS.passed("Lettuce", version, "blocking commands");

            BlockingQueue<String> heard = new LinkedBlockingQueue<>();
            subscriber.addListener(new RedisPubSubAdapter<>() {
                @Override
                public void message(String channel, String message) {
                    heard.add(message);
                }
            });
            subscriber.sync().subscribe("news");
            assertEquals(1L, connection.sync().publish("news", "all well"));
            assertEquals("all well", heard.poll(20, TimeUnit.SECONDS));
            DRIVERS.passed("Lettuce", version, "pub/sub");

            if (protocol == ProtocolVersion.RESP3) {
                BlockingQueue<Object> invalidated = new LinkedBlockingQueue<>();
                connection.addListener(message -> {
                    if (message.getType().equals("invalidate")) {
                        invalidated.addAll(
                                (List<?>) message.getContent(UTF_8::decode).get(1));
                    }
                });
                assertEquals("OK", connection.sync().clientTracking(TrackingArgs.Builder.enabled()));
                connection.sync().get("count");
                second.sync().incr("count");
                assertEquals("count", String.valueOf(invalidated.poll(20, TimeUnit.SECONDS)));
                DRIVERS.passed("Lettuce", version, "client tracking", "RESP3 push");
            }
        } finally {
            client.shutdown(Duration.ZERO, Duration.ofSeconds(5));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "PLAIN, RESP2, false",
        "PLAIN, RESP2, true",
        "PLAIN, RESP3, false",
        "PLAIN, RESP3, true",
        "GUARDED, RESP2, true",
        "GUARDED, RESP3, false",
        "GUARDED, RESP3, true",
        "GUARDED_OVER_TLS, RESP3, true"
    })
    void jedis(Setup setup, RedisProtocol protocol, boolean password) throws Exception {
        DefaultJedisClientConfig.Builder config = DefaultJedisClientConfig.builder()
                .protocol(protocol)
                .clientName("jedis-it")
                .socketTimeoutMillis(20_000);
        if (password) {
            config.user("somebody").password("whatever");
        }
        HostAndPort address = new HostAndPort("127.0.0.1", port(setup));
        String version = DriverTable.versionOf(Jedis.class);
        try (Jedis jedis = new Jedis(address, config.build());
                Jedis second = new Jedis(address, config.build());
                Jedis subscriber = new Jedis(address, config.build())) {
            assertEquals(USER, jedis.aclWhoAmI());
            DRIVERS.passed("Jedis", version, protocol.name(), password ? "client-side password" : "no password");
            jedis.flushDB();

            List<Response<Long>> counts = new ArrayList<>();
            try (Pipeline pipeline = jedis.pipelined()) {
                for (int i = 0; i < 5_000; i++) {
                    counts.add(pipeline.incr("count"));
                }
            }
            for (int i = 0; i < counts.size(); i++) {
                assertEquals(i + 1, counts.get(i).get());
            }
            DRIVERS.passed("Jedis", version, "pipelining");

            try (Transaction transaction = jedis.multi()) {
                Response<Long> count = transaction.incr("count");
                transaction.exec();
                assertEquals(5_001L, count.get());
            }
            jedis.watch("count");
            second.incr("count");
            try (Transaction transaction = jedis.multi()) {
                transaction.set("count", "0");
                assertNull(transaction.exec());
            }
            DRIVERS.passed("Jedis", version, "MULTI/EXEC", "WATCH");

            assertEquals(5_002L, jedis.eval("return tonumber(redis.call('GET', KEYS[1]))", 1, "count"));
            DRIVERS.passed("Jedis", version, "scripts");

            CompletableFuture<List<String>> popped = CompletableFuture.supplyAsync(() -> jedis.blpop(20, "queue"));
            second.rpush("queue", "job");
            assertEquals(List.of("queue", "job"), popped.get(20, TimeUnit.SECONDS));
            DRIVERS.passed("Jedis", version, "blocking commands");

            CompletableFuture<String> heard = new CompletableFuture<>();
            CompletableFuture<Void> subscription = CompletableFuture.runAsync(() -> subscriber.subscribe(
                    new JedisPubSub() {
                        @Override
                        public void onMessage(String channel, String message) {
                            heard.complete(message);
                            unsubscribe();
                        }
                    },
                    "news"));
            await().until(() -> second.publish("news", "all well") == 1);
            assertEquals("all well", heard.get(20, TimeUnit.SECONDS));
            subscription.get(20, TimeUnit.SECONDS);
            assertEquals("PONG", subscriber.ping());
            DRIVERS.passed("Jedis", version, "pub/sub");
        }
    }

    private static String cli(Setup setup, String... arguments) throws Exception {
        List<String> command =
                new ArrayList<>(List.of("redis-cli", "--no-auth-warning", "-p", Integer.toString(port(setup))));
        command.addAll(List.of(arguments));
        return run(command.toArray(String[]::new));
    }

    private static String run(String... command) throws Exception {
        Process process = start(List.of(command));
        try (InputStream said = process.getInputStream()) {
            String text = new String(said.readAllBytes(), UTF_8).strip();
            assertTrue(process.waitFor(60, TimeUnit.SECONDS), text);
            return text;
        }
    }

    private static Process start(List<String> command) throws Exception {
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }
}
