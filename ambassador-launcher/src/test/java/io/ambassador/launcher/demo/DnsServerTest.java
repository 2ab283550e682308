package io.ambassador.launcher.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SRVRecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.Type;

class DnsServerTest {
    private final HttpBackend a = new HttpBackend("a");
    private final HttpBackend b = new HttpBackend("b");
    private final DnsServer dns = DnsServer.create();

    DnsServerTest() throws IOException {}

    @BeforeEach
    void start() throws IOException {
        dns.offer(List.of(a, b));
        dns.start();
    }

    @AfterEach
    void close() throws IOException {
        dns.close();
        a.close();
        b.close();
    }

    @Test
    void namesServersAndTheirAddressesByUdpAndTcp() throws IOException {
        for (boolean tcp : new boolean[] {false, true}) {
            Message reply = ask(dns, Zone.SERVICE + ".", Type.SRV, tcp);

            assertEquals(2, reply.getSection(Section.ANSWER).size());
            assertEquals(
                    2,
                    reply.getSection(Section.ADDITIONAL).stream()
                            .filter(each -> each.getType() == Type.A)
                            .count());
            assertEquals(
                    "127.0.0.1",
                    ask(dns, "a.demo.internal.", Type.A, tcp)
                            .getSection(Section.ANSWER)
                            .get(0)
                            .rdataToString());
        }
    }

    @Test
    void namesOnlyWhatIsOffered() throws IOException {
        dns.offer(List.of(b));

        assertEquals(List.of(b.address().getPort()), targets(dns));
    }

    @Test
    void knowsNoOtherNames() throws IOException {
        assertEquals(Rcode.NXDOMAIN, ask(dns, "c.demo.internal.", Type.A, false).getRcode());
        assertEquals(Rcode.REFUSED, ask(dns, "example.com.", Type.A, false).getRcode());
        assertEquals(
                0,
                ask(dns, "a.demo.internal.", Type.AAAA, false)
                        .getSection(Section.ANSWER)
                        .size());
    }

    @Test
    void survivesNonsense() throws IOException {
        try (DatagramSocket socket = new DatagramSocket()) {
            for (int length : new int[] {0, 1, 11, 12, 40}) {
                byte[] nonsense = new byte[length];
                Arrays.fill(nonsense, (byte) 0x7f);
                socket.send(new DatagramPacket(nonsense, length, dns.address()));
            }
        }

        assertEquals(2, targets(dns).size());
    }

    /** The ports that the SRV record names. */
    static List<Integer> targets(DnsServer dns) throws IOException {
        List<Integer> ports = new ArrayList<>();
        for (Record each : ask(dns, Zone.SERVICE + ".", Type.SRV, false).getSection(Section.ANSWER)) {
            ports.add(((SRVRecord) each).getPort());
        }
        return ports;
    }

    private static Message ask(DnsServer dns, String name, int type, boolean tcp) throws IOException {
        SimpleResolver resolver = new SimpleResolver(dns.address());
        resolver.setTCP(tcp);
        resolver.setTimeout(Duration.ofSeconds(10));
        return resolver.send(Message.newQuery(Record.newRecord(Name.fromString(name), type, DClass.IN)));
    }
}
