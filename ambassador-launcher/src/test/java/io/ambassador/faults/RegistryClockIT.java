package io.ambassador.faults;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ambassador.testkit.ConsulServer;
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
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryForever;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The wall clock of a sidecar that follows Consul and ZooKeeper moves an hour either way, and nothing comes of it. */
class RegistryClockIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path folder;

    @Test
    void aClockThatJumpsChangesNothing() throws Exception {
        Path clock = Files.writeString(folder.resolve("clock"), "+0h");
        try (ConsulServer consul = ConsulServer.start();
                ZooKeeperServer zooKeeper = ZooKeeperServer.start();
                CuratorFramework writer = CuratorFrameworkFactory.newClient(zooKeeper.address(), new RetryForever(50));
                Greeter greeter = Greeter.start(7)) {
            writer.start();
            writer.create().creatingParentsIfNeeded().forPath("/main/127.0.0.1:" + greeter.port(), new byte[0]);
            consul.register("main", "127.0.0.1", greeter.port());
            List<String> faked = List.of(
                    "env",
                    "LD_PRELOAD=" + fakeTime(),
                    "FAKETIME_TIMESTAMP_FILE=" + clock,
                    "FAKETIME_DONT_FAKE_MONOTONIC=1",
                    "FAKETIME_CACHE_DURATION=1");
            Map<String, String> services = Map.of(
                    "zookeeper", settings("zookeeper://" + zooKeeper.address() + "/main"),
                    "consul", settings("consul://" + consul.address() + "/main"));
            try (SidecarProcess sidecar = SidecarProcess.start(faked, services);
                    EchoClient first = EchoClient.connect(sidecar.address("zookeeper"));
                    EchoClient second = EchoClient.connect(sidecar.address("consul"))) {
                for (int hours : List.of(1, -1)) {
                    Files.writeString(clock, String.format(Locale.ROOT, "%+dh", hours));
                    AtomicInteger change = new AtomicInteger();
                    await().atMost(PATIENCE).until(() -> {
                        String draining = "127.0." + (2 + hours) + "." + change.incrementAndGet() + ":1";
                        writer.create().forPath("/main/" + draining, (draining + ";weight=0").getBytes(UTF_8));
                        await().atMost(PATIENCE).until(() -> loggedAt(sidecar, draining) != null);
                        long minutes = Duration.between(Instant.now(), loggedAt(sidecar, draining))
                                .toMinutes();
                        return Math.round(minutes / 60.0) == hours;
                    });
                    first.exchange(hours);
                    second.exchange(hours);
                    assertEquals(7, EchoClient.call(sidecar.address("zookeeper")));
                    assertEquals(7, EchoClient.call(sidecar.address("consul")));
                }
                List<String> worrying = sidecar.log().stream()
                        .filter(line -> line.contains("removed") || line.contains("WARN") || line.contains("ERROR"))
                        .toList();
                assertEquals(List.of(), worrying);
            }
        }
    }

    private static String settings(String discovery) {
        return "discovery = \"" + discovery + "\", health.probe = off";
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
