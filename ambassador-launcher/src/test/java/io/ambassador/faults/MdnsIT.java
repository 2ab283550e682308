package io.ambassador.faults;

import static io.ambassador.faults.Running.report;
import static io.ambassador.faults.Running.status;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.testkit.Avahi;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
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

/** A real Avahi announces, across a link, backends at this end of it. */
class MdnsIT extends RegistryOutage {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String SERVICE = "_outage._tcp";
    private static final String HOST = "backends.local";

    private final Avahi avahi = Avahi.start();
    private final List<Greeter> backends = new ArrayList<>();
    private Avahi.Publication host;

    @TempDir
    Path folder;

    @Override
    protected Registry startRegistry() throws IOException {
        InetAddress here = InetAddress.getByName(avahi.here());
        backends.add(Greeter.start(0, here));
        backends.add(Greeter.start(1, here));
        host = avahi.beginAddress(HOST, avahi.here());
        return new Announced();
    }

    private final class Announced implements Registry {
        private Avahi.Publication serving;
        private int backend = -1;

        /** The network interface. */
        @Override
        public String address() {
            return avahi.networkInterface();
        }

        @Override
        public String type() {
            return "mdns";
        }

        @Override
        public Map<String, ?> settings(String networkInterface) {
            return Map.of("service", SERVICE, "interface", networkInterface, "max-ttl", "5s");
        }

        /** The one that served before says goodbye once the other is announced. */
        @Override
        public void serve(int next) {
            if (next != backend) {
                Avahi.Publication before = serving;
                serving = publish("backend " + next, SERVICE, next);
                backend = next;
                if (before != null) {
                    before.close();
                }
            }
        }

        @Override
        public void kill() {
            avahi.kill();
        }

        /** Asks the link for a second each whether its own name and those published are free, before it answers. */
        @Override
        public void restart() {
            int times = serving.established();
            avahi.restart();
            long began = System.nanoTime();
            await().atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> serving.established() > times && host.isAlive());
            report("MdnsIT: Avahi answers %d ms after its start", (System.nanoTime() - began) / 1_000_000);
        }

        @Override
        public void freeze() {
            avahi.pause();
        }

        @Override
        public void thaw() {
            avahi.resume();
        }

        @Override
        public void close() {
            if (serving != null) {
                serving.close();
            }
            host.close();
            backends.forEach(Greeter::close);
            avahi.close();
        }
    }

    /** Returns once the link has agreed to it. */
    private Avahi.Publication publish(String instance, String service, int backend) {
        Avahi.Publication published =
                avahi.begin(HOST, instance, service, backends.get(backend).port());
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(10)).until(() -> published.established() > 0);
        return published;
    }

    @Test
    @Override
    void aRegistryThatIsCutOffLeavesTrafficAlone() throws Exception {
        survives("cut off", avahi.networkInterface(), avahi::cutOff, avahi::reconnect, true);
    }

    @Test
    void aLinkThatIsUnpluggedLeavesTrafficAlone() throws Exception {
        survives("unplugged", avahi.networkInterface(), avahi::unplug, avahi::plugIn, true);
    }

    private Ambassador ambassador(String service) throws Exception {
        return Ambassador.builder()
                .service(
                        "echo",
                        described -> described
                                .listen("127.0.0.1", 0)
                                .health(Running.WITHOUT_PROBES)
                                .discover("mdns", Map.of("service", service, "interface", avahi.networkInterface())))
                .start();
    }

    private void awaitServed(Ambassador ambassador, int backend) {
        await().atMost(PATIENCE)
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> call(ambassador.address("echo")) == backend);
    }

    private static Set<String> addresses(Ambassador ambassador) {
        Set<String> addresses = new TreeSet<>();
        status(ambassador)
                .endpoints()
                .forEach(endpoint -> addresses.add(endpoint.endpoint().address()));
        return addresses;
    }

    /** Also those that go: within two seconds nobody is sent there any more. */
    @Test
    @Override
    void changesMoveNewConnections() throws Exception {
        try (Ambassador ambassador = ambassador("_moves._tcp");
                Avahi.Publication stays = publish("stays", "_moves._tcp", 0)) {
            awaitServed(ambassador, 0);
            InetSocketAddress address = ambassador.address("echo");
            try (NewConnections clients = NewConnections.start(() -> call(address), 2, 50)) {
                Avahi.Publication goes = publish("goes", "_moves._tcp", 1);
                long announced = System.nanoTime(); // when it says that the link has agreed
                await().atMost(PATIENCE)
                        .until(() -> clients.since(announced).stream().anyMatch(call -> call.backend() == 1));
                long came = first(clients, announced, 1) - announced;

                long withdrawn = System.nanoTime();
                goes.close();
                await().atMost(PATIENCE).until(() -> {
                    long now = System.nanoTime();
                    return last(clients, 1) < now - TimeUnit.SECONDS.toNanos(1);
                });
                long went = last(clients, 1) - withdrawn;
                report(
                        "MdnsIT: announced to first connection: %d ms, withdrawn to last: %d ms",
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
    void onlyWhatComesFromTheLinkIsBelieved() throws Exception {
        try (Avahi.Publication one = publish("one", "_forged._tcp", 0);
                Ambassador ambassador = ambassador("_forged._tcp")) {
            awaitServed(ambassador, 0);
            Path packet = Files.write(folder.resolve("packet"), forged());

            String group = "224.0.0.251:5353,ip-multicast-if=" + avahi.address() + ",ip-multicast-ttl=255,reuseaddr";
            inside("ip", "addr", "add", "203.0.113.7/32", "dev", "eth0");
            send(packet, group + ",bind=203.0.113.7:5353"); // from beyond the link
            inside("ip", "addr", "del", "203.0.113.7/32", "dev", "eth0"); // which Avahi would announce
            send(packet, group + ",bind=" + avahi.address() + ":5354"); // from another port
            send(packet, avahi.here() + ":5353,reuseaddr,bind=" + avahi.address() + ":5353"); // to this machine alone

            try (Avahi.Publication two = publish("two", "_forged._tcp", 1)) { // by which all has been read
                await().atMost(PATIENCE).until(() -> addresses(ambassador).size() > 1);
                assertEquals(
                        backends.stream()
                                .map(backend -> backend.endpoint().address())
                                .collect(Collectors.toSet()),
                        addresses(ambassador));
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

    private void send(Path packet, String to) {
        inside("socat", "-u", "FILE:" + packet, "UDP4-DATAGRAM:" + to);
    }

    private void inside(String... command) {
        List<String> line = new ArrayList<>(avahi.prefix());
        line.addAll(List.of(command));
        Running.run(line.toArray(String[]::new));
    }
}
