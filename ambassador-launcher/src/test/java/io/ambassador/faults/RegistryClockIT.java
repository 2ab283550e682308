package io.ambassador.faults;

import static io.ambassador.testkit.SentinelServer.MASTER;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ambassador.testkit.ConsulServer;
import io.ambassador.testkit.DockerEngine;
import io.ambassador.testkit.EtcdServer;
import io.ambassador.testkit.RedisServer;
import io.ambassador.testkit.SentinelServer;
import io.ambassador.testkit.ZooKeeperServer;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryForever;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The wall clock of a sidecar that follows every real registry moves an hour either way, and nothing comes of it. */
class RegistryClockIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String CONTAINER = "clock";

    @TempDir
    Path folder;

    @Test
    void aClockThatJumpsChangesNothing() throws Exception {
        Path clock = Files.writeString(folder.resolve("clock"), "+0h");
        CompletableFuture<DockerEngine> starting =
                CompletableFuture.supplyAsync(DockerEngine::start); // which takes time
        try (RedisServer redis = RedisServer.start();
                SentinelServer sentinel = SentinelServer.of(redis.port()).start();
                ZooKeeperServer zooKeeper = ZooKeeperServer.start();
                EtcdServer etcd = EtcdServer.start();
                ConsulServer consul = ConsulServer.start();
                DockerEngine engine = starting.join();
                Greeter greeter = Greeter.start(7)) {
            String address = "127.0.0.1:" + greeter.port();
            etcd.put("/main/" + address, "");
            consul.register("main", "127.0.0.1", greeter.port());
            register(zooKeeper, address);
            engine.docker("run", "--detach", "--name", CONTAINER, DockerEngine.IMAGE, "sleep", "600");
            List<String> faked = List.of(
                    "env",
                    "LD_PRELOAD=" + fakeTime(),
                    "FAKETIME_TIMESTAMP_FILE=" + clock,
                    "FAKETIME_DONT_FAKE_MONOTONIC=1",
                    "FAKETIME_CACHE_DURATION=1");
            Map<String, String> services = Map.of(
                    "etcd", settings("\"etcd://" + etcd.address() + "/main\""),
                    "consul", settings("\"consul://" + consul.address() + "/main\""),
                    "zookeeper", settings("\"zookeeper://" + zooKeeper.address() + "/main\""),
                    "sentinel",
                            "discovery = \"sentinel://" + sentinel.address() + "/" + MASTER + "\", protocol = redis",
                    "docker",
                            settings("{ type = docker, host = \"" + engine.host() + "\", container = " + CONTAINER
                                    + ", port = 7000 }"));
            try (SidecarProcess sidecar = SidecarProcess.start(faked, services);
                    EchoClient held = EchoClient.connect(sidecar.address("etcd"));
                    EchoClient second = EchoClient.connect(sidecar.address("consul"));
                    EchoClient third = EchoClient.connect(sidecar.address("zookeeper"))) {
                for (int hours : List.of(1, -1)) {
                    Files.writeString(clock, String.format(Locale.ROOT, "%+dh", hours));
                    awaitMoved(sidecar, etcd, hours);
                    for (EchoClient each : List.of(held, second, third)) {
                        each.exchange(hours);
                    }
                    for (String service : List.of("etcd", "consul", "zookeeper")) {
                        assertEquals(7, EchoClient.call(sidecar.address(service)), service);
                    }
                    assertEquals(redis.port(), RedisPort.of(sidecar.address("sentinel")));
                }
                List<String> worrying = sidecar.log().stream()
                        .filter(line -> line.contains("removed") || line.contains("WARN") || line.contains("ERROR"))
                        .toList();
                assertEquals(List.of(), worrying);
                for (String service : services.keySet()) {
                    String status = sidecar.get("/api/services/" + service);
                    assertEquals(
                            List.of("known", "false"),
                            List.of(
                                    status.replaceAll("(?s).*\"state\": *\"(known|absent|unreachable)\".*", "$1"),
                                    status.replaceAll("(?s).*\"stale\": *(\\w+).*", "$1")),
                            status);
                }
            }
        }
    }

    /** Endpoints that come are logged with the sidecar's own time; they have no weight, so that nobody goes there. */
    private static void awaitMoved(SidecarProcess sidecar, EtcdServer etcd, int hours) {
        AtomicInteger change = new AtomicInteger();
        await().atMost(PATIENCE).until(() -> {
            String draining = "127.0." + (2 + hours) + "." + change.incrementAndGet() + ":1";
            etcd.put("/main/" + draining, draining + ";weight=0");
            await().atMost(PATIENCE).until(() -> loggedAt(sidecar, draining) != null);
            long minutes =
                    Duration.between(Instant.now(), loggedAt(sidecar, draining)).toMinutes();
            return Math.round(minutes / 60.0) == hours;
        });
    }

    private static void register(ZooKeeperServer zooKeeper, String address) throws Exception {
        try (CuratorFramework writer = CuratorFrameworkFactory.newClient(zooKeeper.address(), new RetryForever(50))) {
            writer.start();
            writer.create().creatingParentsIfNeeded().forPath("/main/" + address, new byte[0]);
        }
    }

    private static String settings(String discovery) {
        return "discovery = " + discovery + ", health.probe = off";
    }

    private static Instant loggedAt(SidecarProcess sidecar, String endpoint) {
        return sidecar.log().stream()
                .filter(line -> line.contains(endpoint + " weight 0 added"))
                .map(line -> Instant.parse(line.substring(0, line.indexOf(' '))))
                .findFirst()
                .orElse(null);
    }

    private static Path fakeTime() throws IOException {
        try (DirectoryStream<Path> libraries = Files.newDirectoryStream(Path.of("/usr/lib"), "*-linux-gnu*")) {
            for (Path each : libraries) {
                Path library = each.resolve("faketime/libfaketime.so.1");
                if (Files.exists(library)) {
                    return library;
                }
            }
        }
        throw new IllegalStateException("No libfaketime. Run bin/verify, which installs what tests need.");
    }
}
