package io.ambassador.faults;

import static io.ambassador.faults.Running.report;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.testkit.Daemon;
import io.ambassador.testkit.Dnsmasq;
import io.ambassador.testkit.RedisServer;
import io.ambassador.testkit.RespClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The wall clock of a running sidecar is moved an hour forward and two hours back; the monotonic one goes on. */
class ClockIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Test
    void nothingClosesAndNothingChangesWhenTheClockIsMoved() throws Exception {
        Path directory = Daemon.newDirectory("clock");
        Path offset = directory.resolve("offset");
        move(offset, "+0");
        Path password = Files.writeString(directory.resolve("password"), "hunter2");
        Files.setPosixFilePermissions(password, PosixFilePermissions.fromString("rw-------"));
        List<String> prefix = List.of(
                "env",
                "LD_PRELOAD=" + library(),
                "FAKETIME_TIMESTAMP_FILE=" + offset,
                "FAKETIME_CACHE_DURATION=1",
                "FAKETIME_DONT_FAKE_MONOTONIC=1",
                "DONT_FAKE_MONOTONIC=1");
        try (EchoProcess echo = EchoProcess.start(1);
                RedisServer redis = RedisServer.withPassword("hunter2");
                Dnsmasq dns = Dnsmasq.start(1, "host-record=echo.example.com,127.0.0.1");
                SidecarProcess sidecar = SidecarProcess.start(
                        prefix,
                        Map.of(
                                "main",
                                "discovery = \"dns://echo.example.com:"
                                        + echo.endpoint().port() + "?resolver=" + dns.address()
                                        + "\", limits { idle-timeout = 30m, rate = 1000/m }",
                                "redis",
                                "protocol = redis, discovery = \"static://127.0.0.1:" + redis.port()
                                        + "\", credentials.password.file = \"" + password
                                        + "\", limits { prewarm = 2, prewarm-age = 30m }"));
                SteadyStreams streams = SteadyStreams.open(sidecar.address(), 50);
                RespClient client =
                        RespClient.connect("127.0.0.1", sidecar.address("redis").getPort())) {
            assertEquals("OK", client.command("SET", "k", "v"));
            await().atMost(PATIENCE).until(() -> streams.all().stream().allMatch(stream -> stream.messages() > 5));
            String before = pool(sidecar);
            for (String moved : List.of("+3600", "-3600", "+0")) {
                move(offset, moved);
                long expected = Instant.now().getEpochSecond() + Long.parseLong(moved);
                await().atMost(PATIENCE).until(() -> Math.abs(lastLogged(sidecar) - expected) < 600);
                long[] seen = streams.all().stream()
                        .mapToLong(SteadyStreams.Stream::messages)
                        .toArray();
                await().atMost(PATIENCE).until(() -> {
                    for (int i = 0; i < seen.length; i++) {
                        if (streams.all().get(i).messages()
                                < seen[i] + 30) { // more than a second, in which DNS is asked again
                            return false;
                        }
                    }
                    return true;
                });
                assertEquals("v", client.command("GET", "k"));
                assertEquals(1, EchoClient.call(sidecar.address()));
                assertEquals(before, pool(sidecar), moved);
            }
            assertTrue(streams.all().stream().allMatch(stream -> stream.end() == null && !stream.corrupted()));
            report("clock moved +1 h, -1 h, back: 51 connections open, pool unchanged");
        } finally {
            try (Stream<Path> files = Files.walk(directory)) {
                files.sorted(java.util.Comparator.reverseOrder())
                        .forEach(file -> file.toFile().delete());
            }
        }
    }

    private static void move(Path file, String seconds) throws IOException {
        Path fresh = file.resolveSibling("fresh");
        Files.writeString(fresh, seconds + "\n");
        Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Makes it log something, and tells when it thinks that was. */
    private static long lastLogged(SidecarProcess sidecar) throws IOException {
        sidecar.post("/api/log-level?level=info");
        List<String> lines = sidecar.log();
        for (int i = lines.size() - 1; i >= 0; i--) {
            String word = lines.get(i).split(" ")[0];
            if (word.matches("\\d{4}-.*Z")) {
                return Instant.parse(word).getEpochSecond();
            }
        }
        return 0;
    }

    /** Endpoints with health, role and weight; free of counts. */
    private static String pool(SidecarProcess sidecar) throws IOException {
        StringBuilder pool = new StringBuilder();
        java.util.regex.Matcher endpoint = java.util.regex.Pattern.compile(
                        "\"address\":\"([^\"]+)\",\"health\":\"([^\"]+)\",\"role\":\"([^\"]+)\",\"weight\":(\\d+)")
                .matcher(sidecar.get("/api/services"));
        while (endpoint.find()) {
            pool.append(endpoint.group()).append('\n');
        }
        assertTrue(pool.length() > 0);
        return pool.toString();
    }

    private static Path library() throws IOException {
        try (Stream<Path> found =
                Files.find(Path.of("/usr/lib"), 3, (path, attributes) -> path.endsWith("faketime/libfaketime.so.1"))) {
            return found.findFirst()
                    .orElseThrow(() ->
                            new IOException("libfaketime is missing. Run bin/verify, which installs what tests need."));
        }
    }
}
