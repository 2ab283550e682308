package io.ambassador.faults;

import static io.ambassador.faults.Running.report;
import static io.ambassador.faults.Running.status;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.testkit.Avahi;
import io.ambassador.testkit.Ports;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.PTRRecord;
import org.xbill.DNS.SRVRecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.TXTRecord;

/** A real Avahi announces, across a link, backends beside it, each of which answers every connection with its number. */
class MdnsIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static Avahi avahi;
    private static final List<Process> BACKENDS = new ArrayList<>();
    private static final List<Integer> PORTS = new ArrayList<>();

    @TempDir
    Path folder;

    @BeforeAll
    static void start() throws IOException {
        avahi = Avahi.start();
        for (int number = 1; number <= 2; number++) {
            int port = Ports.free();
            List<String> line = new ArrayList<>(avahi.prefix());
            line.addAll(List.of(
                    "java", "-cp", System.getProperty("java.class.path"), "-Xshare:auto", "-XX:TieredStopAtLevel=1"));
            line.addAll(List.of(
                    EchoBackend.class.getName(), avahi.address(), Integer.toString(port), Integer.toString(number)));
            BACKENDS.add(new ProcessBuilder(line).start());
            PORTS.add(port);
        }
        await().atMost(PATIENCE).until(() -> PORTS.stream().allMatch(avahi::accepts));
    }

    @AfterAll
    static void stop() {
        BACKENDS.forEach(Process::destroyForcibly);
        avahi.close();
    }

    private static Ambassador ambassador(String service, Map<String, String> more) throws Exception {
        Map<String, String> settings = new HashMap<>(more);
        settings.put("service", service);
        settings.put("interface", avahi.networkInterface());
        return Ambassador.builder()
                .service(
                        "echo",
                        described -> described
                                .listen("127.0.0.1", 0)
                                .health(Running.WITHOUT_PROBES)
                                .discover("mdns", settings))
                .start();
    }

    private static int number(InetSocketAddress address) throws IOException {
        try (Socket socket = new Socket()) {
            socket.setSoTimeout(10_000);
            socket.connect(address, 10_000);
            return new DataInputStream(socket.getInputStream()).readInt();
        }
    }

    private static void awaitServed(Ambassador ambassador, IntPredicate backend) {
        await().atMost(PATIENCE)
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> backend.test(number(ambassador.address("echo"))));
    }

    private static Set<String> addresses(Ambassador ambassador) {
        Set<String> addresses = new TreeSet<>();
        status(ambassador)
                .endpoints()
                .forEach(endpoint -> addresses.add(endpoint.endpoint().address()));
        return addresses;
    }

    @Test
    void newConnectionsFollowWhatIsAnnouncedWithinTwoSeconds() throws Exception {
        try (Ambassador ambassador = ambassador("_moves._tcp", Map.of());
                Avahi.Publication one = avahi.publish("one", "_moves._tcp", PORTS.get(0))) {
            awaitServed(ambassador, number -> number == 1);
            InetSocketAddress address = ambassador.address("echo");
            try (NewConnections clients = NewConnections.start(() -> number(address), 2, 50)) {
                Avahi.Publication two = avahi.publish("two", "_moves._tcp", PORTS.get(1));
                long announced = System.nanoTime(); // when it says that the link has agreed
                await().atMost(PATIENCE)
                        .until(() -> clients.since(announced).stream().anyMatch(call -> call.backend() == 2));
                long came = first(clients, announced, 2) - announced;

                long withdrawn = System.nanoTime();
                two.close();
                await().atMost(PATIENCE).until(() -> {
                    long now = System.nanoTime();
                    return last(clients, 2) < now - TimeUnit.SECONDS.toNanos(1);
                });
                long went = last(clients, 2) - withdrawn;
                report(
                        "announced to first connection: %d ms, withdrawn to last: %d ms",
                        TimeUnit.NANOSECONDS.toMillis(came), TimeUnit.NANOSECONDS.toMillis(went));
                assertTrue(came < TimeUnit.SECONDS.toNanos(2), came + " ns");
                assertTrue(went < TimeUnit.SECONDS.toNanos(2), went + " ns");
                assertEquals(List.of(), NewConnections.failed(clients.all()));
            }
        }
    }

    private static long first(NewConnections clients, long since, int backend) {
        return clients.since(since).stream()
                .filter(call -> call.backend() == backend)
                .mapToLong(NewConnections.Call::began)
                .min()
                .orElseThrow();
    }

    private static long last(NewConnections clients, int backend) {
        return clients.all().stream()
                .filter(call -> call.backend() == backend)
                .mapToLong(NewConnections.Call::began)
                .max()
                .orElse(0);
    }

    @Test
    void whileNobodyAnswersWhatWasKnownServesAndIsCalledStale() throws Exception {
        try (Avahi.Publication one = avahi.publish("one", "_stays._tcp", PORTS.get(0));
                Ambassador ambassador = ambassador("_stays._tcp", Map.of("max-ttl", "5s"))) {
            awaitServed(ambassador, number -> number == 1);
            InetSocketAddress address = ambassador.address("echo");
            try (NewConnections clients = NewConnections.start(() -> number(address), 2, 50)) {
                avahi.kill();
                await().atMost(PATIENCE)
                        .until(() -> status(ambassador).sources().get(0).stale());
                long stale = System.nanoTime();
                await().atMost(PATIENCE).until(() -> clients.since(stale).size() > 20);

                avahi.restart();
                long back = System.nanoTime();
                await().atMost(PATIENCE)
                        .until(() -> !status(ambassador).sources().get(0).stale());
                report(
                        "known again %d ms after the responder has come up",
                        TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - back));

                avahi.pause();
                await().atMost(PATIENCE)
                        .until(() -> status(ambassador).sources().get(0).stale());
                avahi.resume();
                await().atMost(PATIENCE)
                        .until(() -> !status(ambassador).sources().get(0).stale());
                assertEquals(
                        0,
                        NewConnections.failed(clients.all()).size(),
                        () -> ambassador.recentEvents().toString());
            }
        }
    }

    @Test
    void onlyWhatComesFromTheLinkIsBelieved() throws Exception {
        String known = avahi.address() + ":" + PORTS.get(0);
        try (Avahi.Publication one = avahi.publish("one", "_forged._tcp", PORTS.get(0));
                Ambassador ambassador = ambassador("_forged._tcp", Map.of())) {
            awaitServed(ambassador, number -> number == 1);
            Path packet = Files.write(folder.resolve("packet"), forged());

            String group = "224.0.0.251:5353,ip-multicast-if=" + avahi.address() + ",ip-multicast-ttl=255,reuseaddr";
            inside("ip", "addr", "add", "203.0.113.7/32", "dev", "eth0");
            send(packet, group + ",bind=203.0.113.7:5353"); // from beyond the link
            inside("ip", "addr", "del", "203.0.113.7/32", "dev", "eth0"); // which Avahi would announce
            send(packet, group + ",bind=" + avahi.address() + ":5354"); // from another port
            send(packet, avahi.here() + ":5353,reuseaddr,bind=" + avahi.address() + ":5353"); // to this machine alone

            try (Avahi.Publication two =
                    avahi.publish("two", "_forged._tcp", PORTS.get(1))) { // by which all has been read
                await().atMost(PATIENCE).until(() -> addresses(ambassador).size() > 1);
                assertEquals(Set.of(known, avahi.address() + ":" + PORTS.get(1)), addresses(ambassador));
            }
            send(packet, group + ",bind=" + avahi.address() + ":5353");
            await().atMost(PATIENCE).until(() -> addresses(ambassador).contains("198.18.66.66:666"));
        }
    }

    private static byte[] forged() throws Exception {
        Name type = Name.fromString("_forged._tcp.local.");
        Name instance = Name.fromString("forged", type);
        Name host = Name.fromString("forged.local.");
        Message message = new Message(0);
        message.getHeader().setFlag(Flags.QR);
        message.getHeader().setFlag(Flags.AA);
        message.addRecord(new PTRRecord(type, DClass.IN, 120, instance), Section.ANSWER);
        message.addRecord(new SRVRecord(instance, DClass.IN, 120, 0, 0, 666, host), Section.ANSWER);
        message.addRecord(new TXTRecord(instance, DClass.IN, 120, ""), Section.ANSWER);
        message.addRecord(new ARecord(host, DClass.IN, 120, InetAddress.getByName("198.18.66.66")), Section.ANSWER);
        return message.toWire();
    }

    private static void send(Path packet, String to) {
        inside("socat", "-u", "FILE:" + packet, "UDP4-DATAGRAM:" + to);
    }

    private static void inside(String... command) {
        List<String> line = new ArrayList<>(avahi.prefix());
        line.addAll(List.of(command));
        Running.run(line.toArray(String[]::new));
    }
}
