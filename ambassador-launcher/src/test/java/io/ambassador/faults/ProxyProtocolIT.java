package io.ambassador.faults;

import static io.ambassador.faults.Running.WITHOUT_PROBES;
import static io.ambassador.faults.Running.report;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.service.Cidr;
import io.ambassador.service.ProxyProtocolSpec;
import io.ambassador.service.ProxyProtocolSpec.Send;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.testkit.Daemon;
import io.ambassador.testkit.Ports;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Client addresses on their way through a real HAProxy, the ambassador, and another HAProxy. */
class ProxyProtocolIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int SOURCES = Integer.getInteger("proxy.sources", 1_000);
    private static final byte[] V2_SIGNATURE = {0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A};

    @ParameterizedTest
    @CsvSource({"send-proxy, V1", "send-proxy, V2", "send-proxy-v2, V1", "send-proxy-v2, V2"})
    void everySourceArrivesThroughAProxyOnEachSide(String sent, Send passedOn) throws Exception {
        int entry = Ports.free();
        int exit = Ports.free();
        try (Ambassador ambassador = Ambassador.builder()
                        .service(
                                "web",
                                s -> s.listen("127.0.0.1", 0)
                                        .health(WITHOUT_PROBES)
                                        .proxyProtocol(
                                                new ProxyProtocolSpec(List.of(Cidr.parse("127.0.0.1/32")), passedOn))
                                        .discover(ManualSource.of(Endpoint.of("127.0.0.1", exit))))
                        .start();
                Daemon haproxy = haproxy(entry, """
                        listen entry
                          mode tcp
                          bind 127.0.0.1:%d,127.0.0.2:%d
                          server ambassador 127.0.0.1:%d source 127.0.0.1 %s
                        frontend exit
                          mode http
                          bind 127.0.0.1:%d accept-proxy
                          http-request return status 200 content-type text/plain lf-string "%%[src]:%%[src_port] %%[dst]"
                        """.formatted(
                                entry, entry, ambassador.address("web").getPort(), sent, exit))) {
            Queue<String> wrong = new ConcurrentLinkedQueue<>();
            AtomicInteger next = new AtomicInteger();
            int number = SOURCES / 4;
            ExecutorService threads = Executors.newFixedThreadPool(4);
            for (int i = 0; i < 4; i++) {
                threads.execute(() -> {
                    for (int n = next.getAndIncrement(); n < number; n = next.getAndIncrement()) {
                        String from = "127.1." + n / 250 + "." + (1 + n % 250);
                        try {
                            String mistake = mistake(from, entry);
                            if (mistake != null) {
                                wrong.add(mistake);
                            }
                        } catch (IOException e) {
                            wrong.add(from + ": " + e);
                        }
                    }
                });
            }
            threads.shutdown();
            assertTrue(threads.awaitTermination(60, TimeUnit.SECONDS));
            report("%s in, %s out: %d sources, %d wrong", sent, passedOn, number, wrong.size());
            assertEquals(List.of(), List.copyOf(wrong));
        }
    }

    @Test
    void aSenderThatIsNotListedIsTurnedAway() throws Exception {
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        try (Greeter backend = Greeter.start(1);
                Ambassador ambassador = accepting("127.0.0.1/32", backend, meters)) {
            SocketException reset = assertThrows(SocketException.class, () -> {
                // The reset may come before connecting has returned.
                try (Socket unlisted =
                        from("127.0.0.9", ambassador.address("service").getPort())) {
                    unlisted.getInputStream().read();
                }
            });
            assertTrue(reset.getMessage().contains("reset"), reset.toString());
            assertEquals(0, backend.accepted());
            assertEquals(
                    1,
                    meters.get("ambassador.connections.closed")
                            .tag("reason", "not-allowed")
                            .counter()
                            .count());
            try (Socket listed = from("127.0.0.1", ambassador.address("service").getPort())) {
                listed.getOutputStream().write("PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\n".getBytes(US_ASCII));
                assertEquals(1, new DataInputStream(listed.getInputStream()).readInt());
            }
        }
    }

    @Test
    void headersThatAreNoneEndTheConnectionAtOnce() throws Exception {
        List<byte[]> hostile = List.of(
                join(V2_SIGNATURE, new byte[] {(byte) 0xFF, 0x11, 0, 12}, new byte[12]), // version 15
                join(V2_SIGNATURE, new byte[] {0x2F, 0x11, 0, 12}, new byte[12]), // no such command
                join(V2_SIGNATURE, new byte[] {0x21, 0x11, 0, 3}, new byte[3]), // too short for its addresses
                v2(tlv(0x20, new byte[] {1, 0})), // a TLS field too short for what it must hold
                v2(nested(4_000)), // fields in fields in fields
                v2(new byte[] {0x04, (byte) 0xFF, (byte) 0xFF, 1, 2}), // a field longer than the header
                "GET / HTTP/1.1\r\nHost: here\r\n\r\n".getBytes(US_ASCII),
                "*1\r\n$4\r\nPING\r\n".getBytes(US_ASCII),
                "PROXY TCP4 not an address at all\r\n".getBytes(US_ASCII),
                "PROXY TCP4 1.2.3.4 1.2.3.4 65536 1\r\n".getBytes(US_ASCII),
                ("PROXY TCP4 " + "1".repeat(300)).getBytes(US_ASCII)); // no end in sight
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        try (Greeter backend = Greeter.start(1);
                Ambassador ambassador = accepting("127.0.0.0/8", backend, meters)) {
            int port = ambassador.address("service").getPort();
            for (byte[] header : hostile) {
                try (Socket sender = from("127.0.0.1", port)) {
                    sender.setSoTimeout(5_000);
                    sender.getOutputStream().write(header);
                    assertEnds(sender);
                }
            }
            assertEquals(0, backend.accepted());
            await().untilAsserted(() -> assertEquals( // the decoder closes before it says why
                    hostile.size(),
                    meters.get("ambassador.connections.closed")
                            .tag("reason", "proxy-header-failed")
                            .counter()
                            .count()));
            try (Socket good = from("127.0.0.1", port)) {
                good.getOutputStream().write(v2(new byte[0]));
                assertEquals(1, new DataInputStream(good.getInputStream()).readInt());
            }
        }
    }

    /** The longest header there may be is 64 KiB; until its time is up, that is all a sender can make us hold. */
    @Test
    void unfinishedHeadersHoldBoundedMemory() throws Exception {
        int senders = 100;
        long before = PooledByteBufAllocator.DEFAULT.pinnedDirectMemory();
        List<Socket> sockets = new ArrayList<>();
        try (Greeter backend = Greeter.start(1);
                Ambassador ambassador = accepting("127.0.0.0/8", backend, new SimpleMeterRegistry())) {
            byte[] header = join(V2_SIGNATURE, new byte[] {0x21, 0x11, (byte) 0xFF, (byte) 0xFF}, new byte[65_000]);
            for (int i = 0; i < senders; i++) {
                Socket sender = from("127.0.0.1", ambassador.address("service").getPort());
                sockets.add(sender);
                sender.getOutputStream().write(header);
            }
            long[] most = {0};
            await().atMost(PATIENCE).until(() -> {
                long held = PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() - before;
                boolean grew = held > most[0];
                most[0] = Math.max(most[0], held);
                return !grew && held > senders * 60_000L;
            });
            report(
                    "%d unfinished headers: %d KiB held, %d KiB each",
                    senders, most[0] / 1024, most[0] / 1024 / senders);
            assertTrue(most[0] <= senders * 132L * 1024, most[0] + " bytes");
            for (Socket sender : sockets) {
                sender.setSoTimeout(15_000);
                assertEnds(sender);
            }
            await().atMost(PATIENCE)
                    .until(() -> PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() - before < 1024 * 1024);
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    private static Ambassador accepting(String senders, Greeter backend, SimpleMeterRegistry meters) throws Exception {
        Ambassador ambassador = Ambassador.builder()
                .meterRegistry(meters)
                .service(
                        "service",
                        s -> s.listen("127.0.0.1", 0)
                                .health(WITHOUT_PROBES)
                                .proxyProtocol(new ProxyProtocolSpec(List.of(Cidr.parse(senders)), Send.OFF))
                                .discover(ManualSource.of(backend.endpoint())))
                .start();
        await().atMost(PATIENCE).until(ambassador::isReady);
        return ambassador;
    }

    /** What is wrong with the address that the last server sees; {@code null} if nothing is. */
    private static String mistake(String from, int entry) throws IOException {
        try (Socket client = from(from, entry)) {
            client.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes(US_ASCII));
            String answer = new String(client.getInputStream().readAllBytes(), US_ASCII);
            String expected = from + ":" + client.getLocalPort() + " 127.0.0.1";
            return answer.endsWith("\r\n\r\n" + expected) ? null : "expected " + expected + ", got " + answer;
        }
    }

    private static Socket from(String source, int port) throws IOException {
        Socket socket = new Socket();
        socket.bind(new InetSocketAddress(source, 0));
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 10_000);
        socket.setSoTimeout(20_000);
        return socket;
    }

    private static void assertEnds(Socket socket) {
        try {
            assertEquals(-1, socket.getInputStream().read());
        } catch (SocketException reset) {
            assertTrue(reset.getMessage().contains("reset"), reset.toString());
        } catch (IOException e) {
            throw new AssertionError("The connection is still open.", e);
        }
    }

    private static Daemon haproxy(int port, String sections) throws IOException {
        Path directory = Daemon.newDirectory("haproxy");
        Path file = directory.resolve("haproxy.cfg");
        Files.writeString(file, """
                global
                  maxconn 1000
                defaults
                  timeout connect 5s
                  timeout client 30s
                  timeout server 30s
                """ + sections);
        Path program = Path.of("/usr/sbin/haproxy"); // not on every user's path
        return Daemon.start(
                directory,
                List.of(Files.isExecutable(program) ? program.toString() : "haproxy", "-db", "-f", file.toString()),
                () -> Ports.accepts(port));
    }

    /** A version 2 header for a TCP connection over IPv4, with {@code fields} after the addresses. */
    private static byte[] v2(byte[] fields) {
        byte[] addresses = {(byte) 192, 0, 2, 1, (byte) 192, 0, 2, 2, 0, 1, 0, 2};
        int length = addresses.length + fields.length;
        return join(V2_SIGNATURE, new byte[] {0x21, 0x11, (byte) (length >> 8), (byte) length}, addresses, fields);
    }

    private static byte[] tlv(int type, byte[] value) {
        return join(new byte[] {(byte) type, (byte) (value.length >> 8), (byte) value.length}, value);
    }

    /** TLS fields, the only ones that hold others, each in the one before. */
    private static byte[] nested(int levels) {
        byte[] fields = {};
        for (int i = 0; i < levels; i++) {
            fields = tlv(0x20, join(new byte[] {1, 0, 0, 0, 0}, fields));
        }
        return fields;
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            joined.writeBytes(part);
        }
        return joined.toByteArray();
    }
}
