package io.ambassador.discovery.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.discovery.EndpointState.Absent;
import io.ambassador.spi.discovery.EndpointState.Known;
import io.ambassador.testkit.DnsReply;
import io.ambassador.testkit.RecordingListener;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What {@code srv} makes of answers, good and odd. */
class SrvAnswersTest extends Scripted {
    @Test
    void priorityWeightPortAndTargetAreCarried() {
        script(DnsReply.ok()
                .srv(SERVICE, 60, 1, 30, 6380, "r2.example.com")
                .srv(SERVICE, 60, 0, 10, 6379, "r1.example.com")
                .additionalA("r1.example.com", 60, "10.0.0.1")
                .additionalA("r2.example.com", 60, "10.0.0.2"));
        try (RecordingListener seen = watchService()) {
            awaitKnown(
                    seen,
                    endpoint("10.0.0.1", 6379, 10, 0, "r1.example.com"),
                    endpoint("10.0.0.2", 6380, 30, 1, "r2.example.com"));
            assertEquals(1, dns.asked().size(), "the addresses had come along: " + dns.asked());
        }
    }

    @Test
    void additionalRecordsAreMatchedByNameNotByPosition() {
        script(DnsReply.ok()
                .srv(SERVICE, 60, 0, 1, 1001, "r1.example.com")
                .srv(SERVICE, 60, 0, 1, 1002, "r2.example.com")
                .srv(SERVICE, 60, 0, 1, 1003, "r3.example.com")
                .txt(SERVICE, 60, "txtvers=1")
                .additionalTxt("r1.example.com", 60, "10.9.9.9")
                .additionalA("evil.example.com", 60, "10.6.6.6")
                .additionalA("R2.EXAMPLE.com", 60, "10.0.0.2")
                .additionalA("r1.example.com", 60, "10.0.0.1")
                .additionalA("example.com", 60, "10.6.6.7"));
        dns.on("A", "r3.example.com", DnsReply.ok().a("r3.example.com", 60, "10.0.0.3"));
        try (RecordingListener seen = watchService()) {
            awaitKnown(
                    seen,
                    endpoint("10.0.0.1", 1001, 1, 0, "r1.example.com"),
                    endpoint("10.0.0.2", 1002, 1, 0, "r2.example.com"),
                    endpoint("10.0.0.3", 1003, 1, 0, "r3.example.com"));
        }
    }

    @Test
    void targetsAreLookedUpInBothFamilies() {
        script(DnsReply.ok().srv(SERVICE, 60, 0, 7, 6379, "r1.example.com"));
        dns.on("A", "r1.example.com", DnsReply.ok().a("r1.example.com", 60, "10.0.0.1"));
        dns.on("AAAA", "r1.example.com", DnsReply.ok().aaaa("r1.example.com", 60, "fd00::1"));
        try (RecordingListener seen = watch("srv://" + SERVICE + "?resolver=" + dns.address())) {
            awaitKnown(
                    seen,
                    endpoint("10.0.0.1", 6379, 7, 0, "r1.example.com"),
                    endpoint("fd00::1", 6379, 7, 0, "r1.example.com"));
        }
    }

    @Test
    void cnamesAreFollowedWithinAndAcrossReplies() {
        script(DnsReply.ok().cname(SERVICE, 60, "a.example.com").cname("a.example.com", 60, "b.example.com"));
        dns.on("SRV", "b.example.com", DnsReply.ok().srv("b.example.com", 60, 0, 1, 6379, "r1.example.com"));
        dns.on(
                "A",
                "r1.example.com",
                DnsReply.ok().cname("r1.example.com", 60, "h.example.net").a("h.example.net", 60, "10.0.0.1"));
        try (RecordingListener seen = watchService()) {
            awaitKnown(seen, endpoint("10.0.0.1", 6379, 1, 0, "r1.example.com"));
        }
    }

    @Test
    void noSuchNameIsAbsent() {
        try (RecordingListener seen = watchService()) {
            eventually(() -> assertInstanceOf(Absent.class, seen.last()));

            script(oneTarget(60, "10.0.0.1"));
            awaitAddresses(seen, "10.0.0.1:6379");
        }
    }

    @Test
    void nameWithoutRecordsIsKnownToBeEmpty() {
        script(DnsReply.ok().soa("example.com", 1, 1));
        try (RecordingListener seen = watchService()) {
            eventually(() -> assertEquals(new Known(Set.of()), seen.last()));
        }
    }

    @Test
    void targetOfRootIsAbsent() {
        script(DnsReply.ok().srv(SERVICE, 60, 0, 0, 0, "."));
        try (RecordingListener seen = watchService()) {
            eventually(() -> assertInstanceOf(Absent.class, seen.last()));
            assertEquals(1, dns.asked().size());
        }
    }

    @Test
    void recordsThatCannotBeUsedAreLeftOut() {
        script(DnsReply.ok()
                .srv(SERVICE, 60, 0, 1, 0, "port0.example.com")
                .srv(SERVICE, 60, 0, 1, 1, "not a name.example.com")
                .srv(SERVICE, 60, 0, 1, 6379, "10.0.0.7"));
        try (RecordingListener seen = watchService()) {
            awaitKnown(seen, endpoint("10.0.0.7", 6379, 1, 0, "10.0.0.7"));
        }
    }

    @Test
    void truncatedReplyIsFetchedByTcp() {
        dns.on("SRV", SERVICE, asked -> {
            DnsReply reply = DnsReply.ok();
            for (int i = 1; i <= 250; i++) {
                if (asked.tcp() || i <= 3) {
                    String target = "r" + i + ".example.com";
                    reply.srv(SERVICE, 60, 0, 1, 6379, target).additionalA(target, 60, "10.0.1." + i);
                }
            }
            return asked.tcp() ? reply : reply.truncated();
        });
        try (RecordingListener seen = watchService()) {
            eventually(() -> assertEquals(250, seen.addresses().size()));
            assertEquals(1, seen.all().size(), "the cut reply must not be told");
        }
    }

    @Test
    void serverFromBeforeEdnsIsAskedWithoutIt() {
        dns.on("SRV", SERVICE, asked -> asked.edns() ? DnsReply.formatError() : oneTarget(60, "10.0.0.1"));
        try (RecordingListener seen = watchService()) {
            awaitAddresses(seen, "10.0.0.1:6379");
            assertEquals(2, dns.asked("SRV", SERVICE).size());
        }
    }

    @Test
    void ttlZeroAsksOnceASecondAtMost() {
        script(oneTarget(0, "10.0.0.1"));
        try (RecordingListener seen = watchService()) {
            eventually(() -> assertTrue(dns.asked("SRV", SERVICE).size() >= 5));
        }
        var asked = dns.asked("SRV", SERVICE);
        for (int i = 1; i < asked.size(); i++) {
            long millis = (asked.get(i).nanos() - asked.get(i - 1).nanos()) / 1_000_000;
            assertTrue(millis >= 990, "asked again after " + millis + " ms");
        }
    }

    @Test
    void leastTtlOfAllRecordsCounts() {
        script(DnsReply.ok()
                .srv(SERVICE, 3_600, 0, 1, 6379, "r1.example.com")
                .srv(SERVICE, 3_600, 0, 1, 6379, "r2.example.com")
                .additionalA("r1.example.com", 3_600, "10.0.0.1"));
        dns.on("A", "r2.example.com", DnsReply.ok().a("r2.example.com", 1, "10.0.0.2"));
        try (RecordingListener seen = watchService()) {
            awaitAddresses(seen, "10.0.0.1:6379", "10.0.0.2:6379");
            dns.on("A", "r2.example.com", DnsReply.ok().a("r2.example.com", 1, "10.0.0.3"));
            awaitAddresses(seen, "10.0.0.1:6379", "10.0.0.3:6379");
        }
    }

    @Test
    void ownThreadEndsWithTheLastWatch() {
        script(oneTarget(60, "10.0.0.1"));
        RecordingListener one = watchService();
        RecordingListener two = watchService();
        awaitAddresses(one, "10.0.0.1:6379");
        awaitAddresses(two, "10.0.0.1:6379");
        one.close();
        assertEquals(1, dnsThreads());
        two.close();
        assertEquals(0, dnsThreads(), "close() returns with the thread gone");
    }

    private static long dnsThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals(DnsLoop.THREAD_NAME)
                        || thread.getName().startsWith("dnsjava"))
                .count();
    }
}
