package io.ambassador.faults;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ambassador.Ambassador;
import io.ambassador.service.Credentials;
import io.ambassador.service.TlsSpec;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.Dnsmasq;
import io.ambassador.testkit.RedisServer;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/** Clients that know neither address nor password nor TLS, and a Redis that moves in DNS. */
class RedisOverSrvIT {
    private static final String NAME = "redis.example.com";

    @Test
    void lettuceAndJedisFollowAServiceWithAclAndTls(@TempDir Path directory) throws Exception {
        Certificates certificates = Certificates.in(directory);
        Path secret = Files.writeString(Files.createTempFile(directory, "secret", ""), "s3cret\n");
        try (RedisServer first = server(certificates, "first");
                RedisServer second = server(certificates, "second");
                Dnsmasq dns = Dnsmasq.start(1, zone(first));
                Ambassador ambassador = Ambassador.builder()
                        .service(
                                "redis",
                                service -> service.listen("127.0.0.1", 0)
                                        .protocol("redis")
                                        .discover(
                                                "srv",
                                                Map.of("name", "_redis._tcp.example.com", "resolver", dns.address()))
                                        .tls(new TlsSpec(NAME, certificates.ca(), null, null))
                                        .credentials(Credentials.file("app", secret)))
                        .start()) {
            await().until(ambassador::isReady);
            int port = ambassador.address("redis").getPort();
            RedisClient lettuce = RedisClient.create(RedisURI.builder()
                    .withHost("127.0.0.1")
                    .withPort(port)
                    .withTimeout(Duration.ofSeconds(10))
                    .build());
            try (StatefulRedisConnection<String, String> connection = lettuce.connect();
                    Jedis jedis = new Jedis("127.0.0.1", port)) {
                assertEquals("app", connection.sync().aclWhoami());
                assertEquals("first", connection.sync().get("who"));
                assertEquals("app", jedis.aclWhoAmI());
                assertEquals("first", jedis.get("who"));

                dns.zone(zone(second));
                await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                    try (Jedis next = new Jedis("127.0.0.1", port)) {
                        assertEquals("second", next.get("who"));
                    }
                });
                assertEquals("first", connection.sync().get("who"), "an open connection drains first");
                first.kill();
                await().atMost(Duration.ofSeconds(30))
                        .ignoreExceptions()
                        .until(() -> connection.sync().get("who").equals("second"));
            } finally {
                lettuce.shutdown(Duration.ZERO, Duration.ofSeconds(5));
            }
        }
    }

    private static RedisServer server(Certificates certificates, String who) {
        RedisServer redis = RedisServer.builder()
                .defaultUserOff()
                .user("app", "s3cret", "+@all -@dangerous")
                .tls(certificates.server(NAME))
                .start();
        redis.command("SET", "who", who);
        return redis;
    }

    private static String[] zone(RedisServer redis) {
        return new String[] {
            "srv-host=_redis._tcp.example.com,r1.example.com," + redis.port() + ",0,10",
            "host-record=r1.example.com,127.0.0.1"
        };
    }
}
