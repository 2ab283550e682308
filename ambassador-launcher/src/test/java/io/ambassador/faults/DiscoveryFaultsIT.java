package io.ambassador.faults;

import static io.ambassador.faults.Running.report;
import static io.ambassador.faults.Running.status;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.testkit.Dnsmasq;
import io.ambassador.testkit.RedisServer;
import io.ambassador.testkit.RespClient;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Endpoints from a real DNS server that changes its mind, or is gone. */
class DiscoveryFaultsIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Seconds without a DNS server. */
    private static final int OUTAGE = Integer.getInteger("discovery.outage", 10);

    private static final String NAME = "_redis._tcp.example.com";

    @Test
    void anEditedZoneMovesNewConnectionsWithinItsTimeToLive() throws Exception {
        int ttl = 2;
        try (RedisServer first = RedisServer.start();
                RedisServer second = RedisServer.start();
                Dnsmasq dns = Dnsmasq.start(ttl, zone(first));
                Ambassador ambassador = ambassador(Ambassador.builder(), dns)) {
            await().atMost(PATIENCE).until(() -> status(ambassador).endpoints().size() == 1);
            InetSocketAddress address = ambassador.address("redis");
            try (NewConnections clients = NewConnections.start(() -> RedisPort.of(address), 2, 50);
                    RespClient old = RespClient.connect(address)) {
                assertEquals("OK", old.command("SET", "who", "the first"));
                await().atMost(PATIENCE).until(() -> clients.all().size() > 20);
                dns.zone(zone(second));
                long edited = System.nanoTime();
                await().atMost(PATIENCE)
                        .until(() -> clients.since(edited).stream().anyMatch(call -> call.backend() == second.port()));
                long enough = edited + Duration.ofSeconds(ttl + 1).toNanos();
                await().atMost(PATIENCE).until(() -> clients.since(enough).size() > 50);

                assertEquals(List.of(), NewConnections.failed(clients.all()));
                long last = clients.all().stream()
                        .filter(call -> call.backend() == first.port())
                        .mapToLong(NewConnections.Call::began)
                        .max()
                        .orElseThrow();
                report(
                        "zone edited: the last connection to the old server began %d ms later",
                        (last - edited) / 1_000_000);
                assertTrue(last <= enough, (last - edited) / 1_000_000 + " ms");
                assertEquals("the first", old.command("GET", "who")); // it drains
            }
        }
    }

    @Test
    void connectionsFollowTheWeightsOfTheZone() throws Exception {
        int[] weights = {10, 30, 60};
        List<Greeter> servers = new ArrayList<>();
        try {
            String[] zone = new String[weights.length + 1];
            zone[0] = "host-record=r.example.com,127.0.0.1";
            for (int i = 0; i < weights.length; i++) {
                servers.add(Greeter.start(i));
                zone[i + 1] =
                        "srv-host=" + NAME + ",r.example.com," + servers.get(i).port() + ",0," + weights[i];
            }
            try (Dnsmasq dns = Dnsmasq.start(60, zone);
                    Ambassador ambassador = ambassador(Ambassador.builder(), dns)) {
                await().atMost(PATIENCE)
                        .until(() -> status(ambassador).endpoints().size() == 3);
                InetSocketAddress address = ambassador.address("redis");
                int number = 10_000;
                Collection<NewConnections.Call> calls = NewConnections.run(
                        () -> {
                            try (EchoClient client = EchoClient.connect(address)) {
                                return client.backend();
                            }
                        },
                        4,
                        number);
                assertEquals(List.of(), NewConnections.failed(calls));
                List<Double> shares = new ArrayList<>();
                for (int i = 0; i < weights.length; i++) {
                    int server = i;
                    shares.add(calls.stream()
                                    .filter(call -> call.backend() == server)
                                    .count()
                            * 100.0
                            / number);
                }
                report("weights 10, 30, 60 over %d connections: %s %%", number, shares);
                for (int i = 0; i < weights.length; i++) {
                    assertEquals(weights[i], shares.get(i), 3.0);
                }
            }
        } finally {
            servers.forEach(Greeter::close);
        }
    }

    @Test
    void withoutDnsTrafficFlowsEvenThroughARestart(@TempDir Path cache) throws Exception {
        try (RedisServer redis = RedisServer.start();
                Dnsmasq dns = Dnsmasq.start(1, zone(redis))) {
            try (Ambassador before = ambassador(Ambassador.builder().cacheDirectory(cache), dns)) {
                await().atMost(PATIENCE).until(() -> status(before).endpoints().size() == 1);
                assertEquals(redis.port(), RedisPort.of(before.address("redis")));
                dns.kill();
                servesStale(before, Duration.ofSeconds(OUTAGE / 2), redis);
            }

            SimpleMeterRegistry meters = new SimpleMeterRegistry();
            long restarted = System.nanoTime();
            try (Ambassador after =
                    ambassador(Ambassador.builder().cacheDirectory(cache).meterRegistry(meters), dns)) {
                await().atMost(PATIENCE).until(() -> status(after).endpoints().size() == 1);
                report("restarted without DNS: endpoints from disk after %d ms", millisSince(restarted));
                servesStale(after, Duration.ofSeconds(OUTAGE / 2), redis);
                assertEquals(1, meters.get("ambassador.discovery.stale").gauge().value());

                dns.zone(zone(redis));
                long back = System.nanoTime();
                await().atMost(PATIENCE)
                        .until(() -> !status(after).sources().get(0).stale());
                report("DNS is back: followed again after %d ms", millisSince(back));
                assertEquals(0, meters.get("ambassador.discovery.stale").gauge().value());
                assertEquals(redis.port(), RedisPort.of(after.address("redis")));
            }
        }
    }

    private static void servesStale(Ambassador ambassador, Duration time, RedisServer redis) throws Exception {
        InetSocketAddress address = ambassador.address("redis");
        long began = System.nanoTime();
        try (NewConnections clients = NewConnections.start(() -> RedisPort.of(address), 2, 50)) {
            await().atMost(time.plus(PATIENCE))
                    .until(() ->
                            status(ambassador).sources().get(0).stale() && System.nanoTime() - began >= time.toNanos());
            assertFalse(clients.all().isEmpty());
            assertEquals(List.of(), NewConnections.failed(clients.all()));
            assertTrue(clients.all().stream().allMatch(call -> call.backend() == redis.port()));
            assertEquals(1, status(ambassador).endpoints().size());
            report(
                    "no DNS for %d s: %d connections, 0 failed",
                    time.toSeconds(), clients.all().size());
        }
    }

    private static Ambassador ambassador(Ambassador.Builder builder, Dnsmasq dns) throws Exception {
        return builder.service(
                        "redis",
                        s -> s.listen("127.0.0.1", 0)
                                .health(Running.WITHOUT_PROBES)
                                .discover("srv://" + NAME + "?resolver=" + dns.address()))
                .start();
    }

    private static String[] zone(RedisServer redis) {
        return new String[] {
            "host-record=r.example.com,127.0.0.1", "srv-host=" + NAME + ",r.example.com," + redis.port() + ",0,10"
        };
    }

    private static long millisSince(long nanoTime) {
        return (System.nanoTime() - nanoTime) / 1_000_000;
    }
}
