package io.ambassador.discovery.dns;

import static io.ambassador.testkit.Timing.assertWithin;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.spi.discovery.EndpointState.Unreachable;
import io.ambassador.testkit.DnsReply;
import io.ambassador.testkit.RecordingListener;
import io.ambassador.testkit.ScriptedDns;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xbill.DNS.Name;
import org.xbill.DNS.Type;

/** Failing and hostile servers: an error is never an empty answer, and a forgery is no answer at all. */
class DnsFaultsTest extends Scripted {
    static Stream<DnsReply> errors() {
        return Stream.of(
                DnsReply.serverFailure(),
                DnsReply.refused(),
                DnsReply.silence(),
                DnsReply.formatError(),
                DnsReply.ok().cname(SERVICE, 60, "a.example.com").cname("a.example.com", 60, SERVICE));
    }

    @ParameterizedTest
    @MethodSource("errors")
    void errorIsUnreachableAndRecoveryTakesTwoSeconds(DnsReply error) {
        script(oneTarget(1, "10.0.0.1"));
        try (RecordingListener seen = watchService()) {
            awaitAddresses(seen, "10.0.0.1:6379");
            script(error);
            eventually(() -> assertInstanceOf(Unreachable.class, seen.last()));

            script(oneTarget(1, "10.0.0.2"));
            long start = System.nanoTime();
            awaitAddresses(seen, "10.0.0.2:6379");

            assertWithin(Duration.ofSeconds(2), TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
            assertEquals(3, seen.all().size(), "one call for each state: " + seen.all());
        }
    }

    @Test
    void cnameLoopAcrossRepliesEnds() {
        script(DnsReply.ok().cname(SERVICE, 60, "a.example.com"));
        dns.on("SRV", "a.example.com", DnsReply.ok().cname("a.example.com", 60, SERVICE));
        try (RecordingListener seen = watchService()) {
            eventually(() -> assertInstanceOf(Unreachable.class, seen.last()));
            assertTrue(reason(seen.last()).contains("circle"), reason(seen.last()));
        }
    }

    @Test
    void endlessCnameChainEnds() {
        AtomicInteger next = new AtomicInteger();
        script(DnsReply.ok().cname(SERVICE, 60, "c0.example.com"));
        for (int i = 0; i < 100; i++) {
            String name = "c" + i + ".example.com";
            dns.on("SRV", name, asked -> DnsReply.ok().cname(name, 60, "c" + next.incrementAndGet() + ".example.com"));
        }
        try (RecordingListener seen = watchService()) {
            eventually(() -> assertInstanceOf(Unreachable.class, seen.last()));
            assertTrue(next.get() < 20, "asked " + next + " times");
        }
    }

    @Test
    void nextServerIsAskedWhereOneFails() {
        try (ScriptedDns first = ScriptedDns.start();
                ScriptedDns second = ScriptedDns.start()) {
            first.on("SRV", SERVICE, DnsReply.serverFailure());
            second.on("SRV", SERVICE, DnsReply.silence());
            script(oneTarget(60, "10.0.0.1"));
            String resolvers = first.address() + "," + second.address() + "," + dns.address();
            try (RecordingListener seen = watch("srv://" + SERVICE + "?resolver=" + resolvers)) {
                awaitAddresses(seen, "10.0.0.1:6379");
                assertEquals(1, seen.all().size(), "no failure is told: " + seen.all());
            }
        }
    }

    @Test
    void oneTargetThatFailsKeepsItsAddressAndTheOthersMove() {
        script(DnsReply.ok()
                .srv(SERVICE, 1, 0, 1, 6379, "r1.example.com")
                .srv(SERVICE, 1, 0, 1, 6379, "r2.example.com"));
        dns.on("A", "r1.example.com", DnsReply.ok().a("r1.example.com", 1, "10.0.0.1"));
        dns.on("A", "r2.example.com", DnsReply.ok().a("r2.example.com", 1, "10.0.0.2"));
        try (RecordingListener seen = watchService()) {
            awaitAddresses(seen, "10.0.0.1:6379", "10.0.0.2:6379");
            dns.on("A", "r2.example.com", DnsReply.serverFailure());
            dns.on("A", "r1.example.com", DnsReply.ok().a("r1.example.com", 1, "10.0.0.3"));
            awaitAddresses(seen, "10.0.0.3:6379", "10.0.0.2:6379");

            dns.remove("A", "r2.example.com"); // NXDOMAIN is an answer
            awaitAddresses(seen, "10.0.0.3:6379");

            dns.on("A", "r1.example.com", DnsReply.serverFailure());
            eventually(() -> assertInstanceOf(Unreachable.class, seen.last()));
        }
    }

    @Test
    void targetsWithoutAnyAddressAreUnreachable() {
        script(DnsReply.ok().srv(SERVICE, 1, 0, 1, 6379, "r1.example.com"));
        try (RecordingListener seen = watchService()) {
            eventually(() -> assertInstanceOf(Unreachable.class, seen.last()));
            assertTrue(reason(seen.last()).contains("r1.example.com"), reason(seen.last()));
        }
    }

    @Test
    void familyThatFailsKeepsItsAddresses() {
        dns.on("A", "h.example.com", DnsReply.ok().a("h.example.com", 1, "10.0.0.1"));
        dns.on("AAAA", "h.example.com", DnsReply.ok().aaaa("h.example.com", 1, "fd00::1"));
        try (RecordingListener seen = watch("dns://h.example.com:80?resolver=" + dns.address())) {
            awaitAddresses(seen, "10.0.0.1:80", "[fd00::1]:80");
            dns.on("AAAA", "h.example.com", DnsReply.serverFailure());
            dns.on("A", "h.example.com", DnsReply.ok().a("h.example.com", 1, "10.0.0.2"));
            awaitAddresses(seen, "10.0.0.2:80", "[fd00::1]:80");
            dns.on("A", "h.example.com", DnsReply.serverFailure());
            eventually(() -> assertInstanceOf(Unreachable.class, seen.last()));
            for (EndpointState state : seen.all()) {
                assertFalse(state.toString().contains("endpoints=[]"), state.toString());
            }
        }
    }

    @Test
    void forgedRepliesAreNotAcceptedAndDoNotEndTheQuery() throws Exception {
        AtomicInteger forged = new AtomicInteger();
        try (DatagramSocket stranger = new DatagramSocket()) {
            dns.forger((query, client, own) -> {
                int id = (query[0] & 0xff) << 8 | query[1] & 0xff;
                byte[] question = Arrays.copyOfRange(query, 12, query.length - 11); // without the EDNS record
                DnsReply lie = oneTarget(60, "10.6.6.6");
                byte[] rightButForeign = lie.wire(id, question);
                stranger.send(new DatagramPacket(rightButForeign, rightButForeign.length, client));
                for (int i = 1; i <= 500; i++) {
                    own.send(lie.wire(id + i & 0xffff, question), client);
                }
                byte[] otherType = question.clone();
                otherType[otherType.length - 3] = 1;
                byte[] otherName = question.clone();
                otherName[1] = 'x';
                byte[] notAReply = rightButForeign.clone();
                notAReply[2] &= 0x7f;
                byte[] cut = Arrays.copyOf(rightButForeign, rightButForeign.length - 3);
                send(own, client, lie.wire(id, otherType), lie.wire(id, otherName), notAReply, cut, query, new byte[1]);
                forged.addAndGet(507);
            });
            script(oneTarget(1, "10.0.0.1"));
            try (RecordingListener seen = watchService()) {
                awaitAddresses(seen, "10.0.0.1:6379");
                eventually(() -> assertTrue(forged.get() > 2_000));
                assertEquals(1, seen.all().size(), "told: " + seen.all());
                List<ScriptedDns.Asked> asked = dns.asked("SRV", SERVICE);
                for (int i = 1; i < asked.size(); i++) {
                    long millis = (asked.get(i).nanos() - asked.get(i - 1).nanos()) / 1_000_000;
                    assertTrue(millis >= 990, "a forgery made the query fail: asked again after " + millis + " ms");
                }
            }
        }
    }

    private static void send(ScriptedDns.Sender own, SocketAddress client, byte[]... datagrams)
            throws java.io.IOException {
        for (byte[] datagram : datagrams) {
            own.send(datagram, client);
        }
    }

    @Test
    void aMillionWrongIdsAreTurnedDown() throws Exception {
        Name name = Name.fromString(SERVICE + ".");
        int turnedDown = 0;
        for (int round = 0; round < 16; round++) {
            Query query = new Query(name, Type.SRV, true);
            byte[] wire = query.wire();
            int id = (wire[0] & 0xff) << 8 | wire[1] & 0xff;
            byte[] reply = oneTarget(60, "10.6.6.6").wire(id, Arrays.copyOfRange(wire, 12, wire.length - 11));
            assertTrue(query.reply(reply) != null, "the right id is accepted");
            for (int other = 0; other < 1 << 16; other++) {
                if (other != id) {
                    reply[0] = (byte) (other >> 8);
                    reply[1] = (byte) other;
                    assertNull(query.reply(reply));
                    turnedDown++;
                }
            }
        }
        assertEquals(16 * 65_535, turnedDown);
    }

    @Test
    void idsAndPortsCannotBeForeseen() {
        dns.on("A", "h.example.com", DnsReply.ok().a("h.example.com", 60, "10.0.0.1"));
        for (int i = 0; i < 64; i++) {
            try (RecordingListener seen = watch("dns://h.example.com:80?family=ipv4&resolver=" + dns.address())) {
                awaitAddresses(seen, "10.0.0.1:80");
            }
        }
        List<ScriptedDns.Asked> asked = dns.asked();
        Set<Integer> ids = asked.stream().map(ScriptedDns.Asked::id).collect(Collectors.toSet());
        Set<Integer> ports = asked.stream().map(ScriptedDns.Asked::clientPort).collect(Collectors.toSet());
        assertTrue(ids.size() > 60, ids.size() + " ids in 64 queries");
        assertTrue(ports.size() > 56, ports.size() + " ports in 64 queries");
        int neighbours = 0;
        for (int i = 1; i < asked.size(); i++) {
            if (Math.abs(asked.get(i).clientPort() - asked.get(i - 1).clientPort()) <= 2) {
                neighbours++;
            }
        }
        assertTrue(neighbours < 8, neighbours + " of 63 ports were next to the one before");
    }

    private static String reason(EndpointState state) {
        return String.valueOf(((Unreachable) state).cause().getMessage());
    }
}
