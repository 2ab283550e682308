package io.ambassador.faults;

import static io.ambassador.faults.Running.report;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.Ports;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The packaged sidecar is reloaded over and over under load, each second time with a configuration that cannot be used:
 * not a byte of 200 streams, not one of the clients that come meanwhile is lost, and nothing of what was tried is left
 * behind. {@code -Dreload.count=1000} for more.
 */
class ReloadUnderLoadIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int COUNT = Integer.getInteger("reload.count", 80);
    private static final int STREAMS = 200;

    /** Until then classes are loaded, caches filled, threads begun. */
    private static final int WARM = Math.min(COUNT / 4, 100);

    @TempDir
    private Path folder;

    private final int spare = Ports.free();
    private Certificates certificates;
    private Certificates.Issued issued;
    private Path password;
    private ServerSocket taken;

    /** What a reload is to say. */
    private record Round(String text, String problem) {}

    @Test
    void nothingIsLostAndNothingIsLeft() throws Exception {
        certificates = Certificates.in(folder);
        issued = certificates.server("127.0.0.1");
        password = Files.writeString(folder.resolve("password"), "s3cret");
        Files.setPosixFilePermissions(password, PosixFilePermissions.fromString("rw-------"));
        try (EchoProcess first = EchoProcess.start(1);
                EchoProcess second = EchoProcess.start(2);
                EchoProcess third = EchoProcess.start(3);
                ServerSocket someoneElses = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
                SidecarProcess sidecar = SidecarProcess.start(main(first, second, third))) {
            taken = someoneElses;
            List<String> head = Files.readAllLines(sidecar.configuration());
            InetSocketAddress address = sidecar.address();
            try (SteadyStreams streams = SteadyStreams.open(address, STREAMS);
                    NewConnections clients = NewConnections.start(() -> EchoClient.call(address), 4, 60)) {
                await().atMost(PATIENCE).until(() -> streams.all().stream().allMatch(s -> s.messages() > 0));
                long generation = 1;
                int rejected = 0;
                long descriptors = 0;
                int threads = 0;
                long memory = 0;
                long slowest = 0;
                for (int i = 0; i < COUNT; i++) {
                    if (i == WARM) {
                        descriptors = settledDescriptors(sidecar);
                        threads = sidecar.threads();
                        memory = sidecar.residentKiB();
                    }
                    Round round = i % 2 == 0 ? valid(i, head, first, second, third) : invalid(i, head);
                    Files.writeString(sidecar.configuration(), round.text());
                    long began = System.nanoTime();
                    HttpResponse<String> answer = sidecar.reload();
                    slowest = Math.max(slowest, System.nanoTime() - began);
                    String seen = "round " + i + ": " + answer.body();
                    if (round.problem() == null) {
                        generation++;
                        assertEquals(200, answer.statusCode(), seen);
                    } else {
                        rejected++;
                        assertEquals(422, answer.statusCode(), seen);
                        assertTrue(answer.body().contains(round.problem()), seen);
                    }
                    assertTrue(answer.body().contains("\"generation\":" + generation + ","), seen);
                }
                assertEquals(generation, sidecar.metric("ambassador_config_generation", ""));
                assertEquals(rejected, sidecar.metric("ambassador_config_changes_total", "result=\"rejected\""));
                long[] before = streams.all().stream()
                        .mapToLong(SteadyStreams.Stream::messages)
                        .toArray();
                await().atMost(PATIENCE).untilAsserted(() -> {
                    for (int i = 0; i < STREAMS; i++) {
                        assertTrue(streams.all().get(i).messages() > before[i], "stream " + i);
                    }
                });
                for (SteadyStreams.Stream stream : streams.all()) {
                    assertEquals(null, stream.end());
                    assertFalse(stream.corrupted());
                }
                assertEquals(List.of(), NewConnections.failed(clients.all()));
                int served = clients.all().size();
                long descriptorsAfter = settledDescriptors(sidecar);
                report(
                        "%d reloads, %d of them rejected, under %d streams: 0 of %d new connections failed; slowest"
                                + " reload %d ms; descriptors %d, then %d; threads %d, then %d; memory %d, then %d KiB",
                        COUNT,
                        rejected,
                        STREAMS,
                        served,
                        slowest / 1_000_000,
                        descriptors,
                        descriptorsAfter,
                        threads,
                        sidecar.threads(),
                        memory,
                        sidecar.residentKiB());
                assertTrue(descriptorsAfter <= descriptors + 12, descriptors + ", then " + descriptorsAfter);
                assertTrue(sidecar.threads() <= threads + 4, threads + ", then " + sidecar.threads());
                // What is live stays the same; the heap, of 64 MiB at most, may still have grown.
                assertTrue(sidecar.residentKiB() < memory + 64 * 1024, memory + ", then " + sidecar.residentKiB());
            }
        }
    }

    /** The fewest of a few looks: the clients that come and go have some, too. */
    private static long settledDescriptors(SidecarProcess sidecar) throws IOException {
        long fewest = Long.MAX_VALUE;
        for (int i = 0; i < 20; i++) {
            fewest = Math.min(fewest, sidecar.descriptors());
        }
        return fewest;
    }

    private static String main(EchoProcess... backends) {
        List<String> endpoints = new ArrayList<>();
        for (EchoProcess backend : backends) {
            endpoints.add(backend.endpoint().address());
        }
        return "discovery = \"static://" + String.join(",", endpoints) + "\", on-change.removed = keep";
    }

    private Round valid(int i, List<String> head, EchoProcess first, EchoProcess second, EchoProcess third) {
        String backends = i % 4 == 0 ? main(first, third) : main(first, second, third);
        Map<Integer, String> changes = Map.of(
                0, "limits.max-connections = " + (5_000 + i),
                1, "balancing = least-connections",
                2, "health { interval = 1s, slow-start = 1s }",
                3, "allow.sources = [\"127.0.0.0/8\"]",
                4, "limits { idle-timeout = 1h, rate = 100000/s, user-timeout = 20s }",
                5, "health.outlier = off");
        StringBuilder more = new StringBuilder();
        if (i % 6 == 0) {
            more.append("ambassador.services.redis { listen = 0, protocol = redis, discovery = \"static://127.0.0.1:")
                    .append(spare)
                    .append("\", credentials { username = app")
                    .append(i)
                    .append(", password.file = \"")
                    .append(password)
                    .append("\" } }\n");
        }
        if (i % 10 == 0) {
            more.append("ambassador.services.tls { listen = ")
                    .append(spare)
                    .append(", discovery = \"static://127.0.0.1:1\", client-tls { certificate = \"")
                    .append(issued.certificate())
                    .append("\", key = \"")
                    .append(issued.key())
                    .append("\" } }\n");
        }
        return new Round(
                head.get(0) + "\n" + service(head, backends + ", " + changes.get(i / 2 % changes.size())) + more, null);
    }

    /** The service under load, on its port, with other settings. */
    private static String service(List<String> head, String settings) {
        String line = head.get(1);
        return line.substring(0, line.indexOf(',') + 1) + " " + settings + " }\n";
    }

    private Round invalid(int i, List<String> head) throws IOException {
        String valid = String.join("\n", head) + "\n";
        String extra = "ambassador.services.extra { discovery = \"static://127.0.0.1:1\", ";
        return switch (i / 2 % 5) {
            case 0 -> new Round(valid.substring(0, valid.length() - 40), "is not HOCON");
            case 1 -> new Round(valid + "x = " + "[".repeat(100_000) + "]".repeat(100_000), "is nested");
            case 2 ->
                new Round(
                        valid + extra + "listen = 0, protocol = redis, credentials.password.file = \""
                                + folder.resolve("nosuch") + "\" }",
                        "services.extra.credentials.password: ");
            case 3 ->
                new Round(
                        valid + extra + "listen = " + taken.getLocalPort() + " }",
                        "services.extra: cannot listen on 127.0.0.1:" + taken.getLocalPort());
            default ->
                new Round(
                        valid + extra + "listen = " + spare + ", client-tls { certificate = \"" + password
                                + "\", key = \"" + issued.key() + "\" } }",
                        "services.extra.client-tls.certificate: " + password + " holds no");
        };
    }
}
