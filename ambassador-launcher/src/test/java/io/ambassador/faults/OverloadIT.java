package io.ambassador.faults;

import static io.ambassador.faults.Running.report;
import static io.ambassador.testkit.Timing.assertWithin;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.UnixOperatingSystemMXBean;
import io.ambassador.spi.discovery.Endpoint;
import java.io.DataInputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** More, or slower, clients than there should be, against the packaged jar with the settings it ships with. */
class OverloadIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Test
    void aThousandSlowReadersCostBoundedMemoryAndNoOtherClientItsSpeed() throws Exception {
        int readers = 1_000;
        ByteBuffer kilobyte = ByteBuffer.allocate(1024);
        try (Firehose firehose = Firehose.start();
                EchoProcess echo = EchoProcess.start(1);
                SidecarProcess sidecar = SidecarProcess.start(
                        List.of(), Map.of("main", to(firehose.endpoint()), "echo", to(echo.endpoint())))) {
            InetSocketAddress fast = sidecar.address("echo");
            await().atMost(PATIENCE).until(() -> EchoClient.call(fast) == 1);
            long[] calm = roundTrips(fast, 5_000);
            long before = sidecar.residentKiB();
            try (Crowd crowd = Crowd.open(sidecar.address(), readers, 4096, false, m -> m.read(kilobyte))) {
                await().atMost(PATIENCE).until(() -> firehose.accepted() >= readers && crowd.open() == readers);
                await().atMost(PATIENCE)
                        .until(() -> crowd.members().stream().allMatch(member -> member.bytesRead() >= 5 * 1024));
                long[] busy = roundTrips(fast, 5_000);
                await().atMost(PATIENCE)
                        .until(() -> crowd.members().stream().allMatch(member -> member.bytesRead() >= 8 * 1024));
                long growth = sidecar.residentKiB() - before;
                report(
                        "1000 slow readers: RSS %d MiB, then %d MiB (+%d MiB, peak %d MiB); fast client p50 %d then %d us,"
                                + " p99 %d then %d us",
                        before / 1024,
                        (before + growth) / 1024,
                        growth / 1024,
                        sidecar.peakKiB() / 1024,
                        calm[calm.length / 2] / 1_000,
                        busy[busy.length / 2] / 1_000,
                        calm[calm.length * 99 / 100] / 1_000,
                        busy[busy.length * 99 / 100] / 1_000);
                assertEquals(readers, crowd.open());
                assertTrue(growth <= 192 * 1024, growth + " KiB");
                assertWithin(Duration.ofMillis(20), busy[busy.length * 99 / 100] / 1_000_000);
                // Nobody is starved: all go on.
                long[] read = crowd.members().stream()
                        .mapToLong(Crowd.Member::bytesRead)
                        .toArray();
                await().atMost(PATIENCE).until(() -> {
                    for (int i = 0; i < read.length; i++) {
                        if (crowd.members().get(i).bytesRead() <= read[i]) {
                            return false;
                        }
                    }
                    return true;
                });
            }
            assertTrue(sidecar.log().stream().noneMatch(line -> line.contains(" ERROR ")), sidecar.log()::toString);
        }
    }

    @Test
    void withoutDescriptorsItLivesAnswersAndServesAgainWhenSomeAreFree() throws Exception {
        try (EchoProcess echo = EchoProcess.start(1);
                SidecarProcess sidecar = SidecarProcess.start(
                        List.of("prlimit", "--nofile=256:256"), Map.of("main", to(echo.endpoint())))) {
            await().atMost(PATIENCE).until(() -> EchoClient.call(sidecar.address()) == 1);
            long idle = sidecar.descriptors();
            long most = 0;
            try (Crowd crowd = Crowd.open(sidecar.address(), 1_000, 0, true, member -> {})) {
                await().atMost(PATIENCE).until(() -> crowd.members().stream().allMatch(Crowd.Member::isConnected));
                await().atMost(PATIENCE).until(() -> served(crowd).size() > 50);
                for (int i = 0; i < 50; i++) {
                    assertTrue(sidecar.get("/api/services").contains("\"main\""));
                    assertTrue(sidecar.get("/livez").startsWith("alive"));
                    most = Math.max(most, sidecar.descriptors());
                }
                List<Crowd.Member> first = served(crowd);
                assertTrue(crowd.members().stream().allMatch(Crowd.Member::isOpen), "clients were thrown out");

                long released = System.nanoTime();
                for (Crowd.Member member : first) {
                    member.channel().close();
                }
                await().atMost(PATIENCE)
                        .pollInterval(Duration.ofMillis(10))
                        .until(() -> served(crowd).size() > first.size());
                long millis = (System.nanoTime() - released) / 1_000_000;
                report(
                        "256 descriptors, 1000 clients: %d in use when idle, %d at most, %d clients served, the others"
                                + " wait; the next is served %d ms after a release",
                        idle, most, first.size(), millis);
                assertWithin(Duration.ofSeconds(1), millis);
            }
            await().atMost(PATIENCE).until(() -> sidecar.descriptors() <= idle + 10);
            assertEquals(1, EchoClient.call(sidecar.address()));
            long perSecond = mostLinesInASecond(sidecar.log());
            report(
                    "at most %d lines a second for one cause, %d in all",
                    perSecond, sidecar.log().size());
            assertTrue(perSecond <= 1, sidecar.log()::toString);
            assertTrue(most < 256, most + " descriptors");
        }
    }

    @Test
    void sendersThatDribbleTheirHeaderAreCutAndGoodOnesServed() throws Exception {
        int senders = (int) Math.min(
                5_000,
                (((UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getMaxFileDescriptorCount()
                                - 500)
                        / 2);
        byte[] header = "PROXY TCP4 192.0.2.1 192.0.2.2 1111 2222\r\n".getBytes(US_ASCII);
        try (EchoProcess echo = EchoProcess.start(1);
                SidecarProcess sidecar = SidecarProcess.start(
                        to(echo.endpoint()) + ", proxy-protocol.accept-from = [\"127.0.0.0/8\"]")) {
            await().atMost(PATIENCE).until(() -> proxied(sidecar.address(), header) == 1);
            long before = sidecar.residentKiB();
            try (Crowd crowd = Crowd.open(
                            sidecar.address(),
                            senders,
                            0,
                            true,
                            member -> member.channel().write(ByteBuffer.wrap(header, member.ticks(), 1)));
                    NewConnections good = NewConnections.start(() -> proxied(sidecar.address(), header), 4, 50)) {
                await().atMost(PATIENCE).until(() -> crowd.members().stream().noneMatch(Crowd.Member::isOpen));
                long growth = sidecar.residentKiB() - before;
                long[] lasted = crowd.members().stream()
                        .mapToLong(Crowd.Member::lastedMillis)
                        .sorted()
                        .toArray();
                long soonest = crowd.members().stream()
                        .mapToLong(Crowd.Member::livedMillis)
                        .min()
                        .orElseThrow();
                Collection<NewConnections.Call> calls = good.all();
                report(
                        "%d slow senders: cut after %d to %d ms, RSS +%d MiB; %d good clients meanwhile, %d failed,"
                                + " slowest %d ms",
                        senders,
                        lasted[0],
                        lasted[lasted.length - 1],
                        growth / 1024,
                        calls.size(),
                        NewConnections.failed(calls).size(),
                        NewConnections.slowest(calls).toMillis());
                assertTrue(soonest >= 10_000, soonest + " ms after it began to connect");
                assertWithin(Duration.ofSeconds(10), Duration.ofSeconds(3), lasted[lasted.length - 1]);
                assertTrue(calls.size() > 200);
                assertEquals(List.of(), NewConnections.failed(calls));
                assertEquals(
                        senders,
                        sidecar.metric("ambassador_connections_closed_total", "reason=\"proxy-header-failed\""));
            }
        }
    }

    private static String to(Endpoint endpoint) {
        return "discovery = \"static://" + endpoint.address() + "\"";
    }

    /** Nanoseconds of each of {@code number} exchanges on one connection, sorted. */
    private static long[] roundTrips(InetSocketAddress address, int number) throws IOException {
        long[] nanos = new long[number];
        try (EchoClient client = EchoClient.connect(address)) {
            for (int i = 0; i < number; i++) {
                long began = System.nanoTime();
                client.exchange(i);
                nanos[i] = System.nanoTime() - began;
            }
        }
        Arrays.sort(nanos);
        return nanos;
    }

    /** Clients whom the backend has told its number. */
    private static List<Crowd.Member> served(Crowd crowd) {
        return crowd.members().stream().filter(member -> member.bytesRead() > 0).toList();
    }

    private static int proxied(InetSocketAddress address, byte[] header) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(address, 10_000);
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(header);
            return new DataInputStream(socket.getInputStream()).readInt();
        }
    }

    /** Of warnings and errors that are alike but for numbers. */
    private static long mostLinesInASecond(List<String> log) {
        Map<String, Long> lines = new TreeMap<>();
        for (String line : log) {
            if (line.contains(" WARN ") || line.contains(" ERROR ")) {
                String second = line.substring(0, "2000-01-01T00:00:00".length());
                String words = line.substring(line.indexOf(' '))
                        .replaceAll("\\[[0-9a-f]{8}\\]", "")
                        .replaceAll("\\d+", "");
                lines.merge(second + words, 1L, Long::sum);
            }
        }
        return lines.values().stream().mapToLong(Long::longValue).max().orElse(0);
    }
}
