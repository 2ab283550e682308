package io.ambassador.auth.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.service.Credentials;
import io.ambassador.service.LimitsSpec;
import io.ambassador.service.TlsSpec;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.RedisServer;
import io.ambassador.testkit.RespClient;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Connections to a real Redis that are logged in before their clients come, and what that is worth. */
class RedisPrewarmIT {
    private static final int STOCK = 8;
    private static final String PASSWORD = "s3cret";
    private static final String NAME = "redis.example";

    /** {@code -Dprewarm.connections=2000} for figures to publish. */
    private static final int CONNECTIONS = Integer.getInteger("prewarm.connections", 200);

    @TempDir
    Path directory;

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

    private Ambassador serve(RedisServer redis, TlsSpec tls, int prewarm) throws Exception {
        Path file = directory.resolve("password");
        Files.writeString(file, PASSWORD);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        EndpointSource source = listener -> {
            listener.onState(new EndpointState.Known(Set.of(Endpoint.of("127.0.0.1", redis.port()))));
            return () -> {};
        };
        Ambassador ambassador = Ambassador.builder()
                .meterRegistry(meters)
                .eventLoops(1)
                .service("redis", s -> {
                    s.listen("127.0.0.1", 0).protocol("redis").discover(source);
                    s.credentials(Credentials.file(null, file));
                    s.limits(LimitsSpec.DEFAULT.withPrewarm(prewarm, Duration.ofSeconds(60)));
                    if (tls != null) {
                        s.tls(tls);
                    }
                })
                .start();
        await().until(ambassador::isReady);
        return ambassador;
    }

    private boolean isStocked() {
        return meters.get("ambassador.prewarm.idle").gauge().value() == STOCK;
    }

    @Test
    void eachClientHasAFreshConnectionOfItsOwn() throws Exception {
        try (RedisServer redis = RedisServer.builder().password(PASSWORD).start();
                Ambassador ambassador = serve(redis, null, STOCK)) {
            await().until(this::isStocked);
            try (RespClient one = RespClient.connect(ambassador.address("redis"));
                    RespClient other = RespClient.connect(ambassador.address("redis"))) {
                assertEquals("OK", one.command("SELECT", "3"));
                assertEquals("OK", one.command("SET", "x", "in three"));
                assertEquals(null, other.command("GET", "x"));
                assertTrue(!one.command("CLIENT", "ID").equals(other.command("CLIENT", "ID")));
            }
            await().until(this::isStocked);
            assertEquals(
                    2,
                    meters.get("ambassador.prewarm.clients")
                            .tag("outcome", "taken")
                            .functionCounter()
                            .count());
        }
    }

    @Test
    void whatTheServerClosesIsNotHandedOut() throws Exception {
        try (RedisServer redis = RedisServer.builder().password(PASSWORD).start();
                Ambassador ambassador = serve(redis, null, STOCK)) {
            await().until(this::isStocked);
            redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
            for (int i = 0; i < 50; i++) {
                await().ignoreExceptions().until(() -> ping(ambassador.address("redis")) > 0);
            }
            await().atMost(Duration.ofSeconds(30)).until(this::isStocked);
        }
    }

    /** Measures and prints, and holds nothing against the clock. */
    @ParameterizedTest
    @CsvSource({"false, false", "false, true", "true, false", "true, true"})
    void measured(boolean tls, boolean warm) throws Exception {
        Certificates certificates = Certificates.in(directory);
        RedisServer.Builder builder = RedisServer.builder().password(PASSWORD);
        if (tls) {
            builder.tls(certificates.server(NAME));
        }
        TlsSpec spec = tls ? new TlsSpec(NAME, certificates.ca(), null, null) : null;
        try (RedisServer redis = builder.start();
                Ambassador ambassador = serve(redis, spec, warm ? STOCK : 0)) {
            InetSocketAddress address = ambassador.address("redis");
            for (int i = 0; i < CONNECTIONS / 4; i++) {
                one(address, warm); // so that what is measured is compiled
            }
            long[] nanos = new long[CONNECTIONS];
            for (int i = 0; i < CONNECTIONS; i++) {
                nanos[i] = one(address, warm);
            }
            Arrays.sort(nanos);
            System.out.printf(
                    "measured: client connect to first PONG, backend %s, %s, %d connections: p50 %.2f ms, p99 %.2f ms%n",
                    tls ? "TLS" : "plain",
                    warm ? "prewarm = " + STOCK : "no prewarm",
                    CONNECTIONS,
                    nanos[CONNECTIONS / 2] / 1e6,
                    nanos[CONNECTIONS * 99 / 100] / 1e6);
        }
    }

    private long one(InetSocketAddress address, boolean warm) throws Exception {
        if (warm) { // the stock is full: what one of it is worth is measured, not a race for it
            await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(1)).until(this::isStocked);
        }
        return ping(address);
    }

    private static long ping(InetSocketAddress address) throws IOException {
        byte[] ping = RespClient.encode("PING");
        long begin = System.nanoTime();
        try (Socket socket = new Socket()) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(10_000);
            socket.connect(address);
            socket.getOutputStream().write(ping);
            assertEquals("+PONG\r\n", new String(socket.getInputStream().readNBytes(7), UTF_8));
            return System.nanoTime() - begin;
        }
    }
}
