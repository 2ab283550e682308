package io.ambassador.discovery.dns;

import static io.ambassador.testkit.Timing.assertWithin;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.spi.discovery.EndpointState.Absent;
import io.ambassador.spi.discovery.EndpointState.Known;
import io.ambassador.spi.discovery.EndpointState.Unreachable;
import io.ambassador.testkit.Dnsmasq;
import io.ambassador.testkit.RecordingListener;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Sources {@code srv} and {@code dns} against a real dnsmasq whose zone is edited and which is killed and stopped. */
class DnsmasqIT extends Scripted {
    private static final int TTL = 2;

    private static String[] zone(String address) {
        return new String[] {
            "srv-host=" + SERVICE + ",r1.example.com,6379,0,10",
            "srv-host=" + SERVICE + ",r2.example.com,6380,1,30",
            "host-record=r1.example.com," + address,
            "host-record=r2.example.com,10.0.0.2",
            "cname=alias.example.com,r1.example.com",
            "txt-record=" + SERVICE + ",txtvers=1",
            "txt-record=r1.example.com,v=1",
        };
    }

    private RecordingListener watchService(Dnsmasq dnsmasq) {
        return watch("srv://" + SERVICE + "?resolver=" + dnsmasq.address());
    }

    private static void awaitWithin(long millis, Runnable change, RecordingListener seen, String... expected) {
        change.run();
        long start = System.nanoTime();
        awaitAddresses(seen, expected);
        long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        assertWithin(Duration.ofMillis(millis), took);
        System.out.println("DnsmasqIT: told " + took + " ms after the change (limit " + millis + " ms)");
    }

    @Test
    void priorityWeightAndTargetAreCarriedBesideTxtRecords() {
        try (Dnsmasq dnsmasq = Dnsmasq.start(TTL, zone("10.0.0.1"));
                RecordingListener seen = watchService(dnsmasq)) {
            awaitKnown(
                    seen,
                    endpoint("10.0.0.1", 6379, 10, 0, "r1.example.com"),
                    endpoint("10.0.0.2", 6380, 30, 1, "r2.example.com"));
        }
    }

    @Test
    void zoneEditMovesEndpointsWithinTtlPlusOneSecond() {
        try (Dnsmasq dnsmasq = Dnsmasq.start(TTL, zone("10.0.0.1"));
                RecordingListener seen = watchService(dnsmasq);
                RecordingListener alias = watch("dns://alias.example.com:80?resolver=" + dnsmasq.address())) {
            awaitAddresses(seen, "10.0.0.1:6379", "10.0.0.2:6380");
            awaitAddresses(alias, "10.0.0.1:80");
            for (String address : List.of("10.0.0.3", "10.0.0.4", "10.0.0.5")) {
                awaitWithin(
                        (TTL + 1) * 1_000L,
                        () -> dnsmasq.zone(zone(address)),
                        seen,
                        address + ":6379",
                        "10.0.0.2:6380");
                awaitAddresses(alias, address + ":80");
            }
            for (EndpointState state : seen.all()) {
                assertInstanceOf(Known.class, state, "a restart of some milliseconds is ridden out");
            }
        }
    }

    @Test
    void manyRecordsArriveByTcp() {
        List<String> zone = new ArrayList<>();
        for (int i = 1; i <= 200; i++) {
            zone.add("srv-host=" + SERVICE + ",r" + i + ".example.com,6379,0," + i);
            zone.add("host-record=r" + i + ".example.com,10.0.1." + i);
        }
        try (Dnsmasq dnsmasq = Dnsmasq.start(60, zone.toArray(String[]::new));
                RecordingListener seen = watchService(dnsmasq)) {
            eventually(() -> assertEquals(200, seen.addresses().size(), () -> "told: " + seen.all()));
            assertEquals(1, seen.all().size(), "a part must never be told");
            assertEquals(2, dnsmasq.queries("SRV", SERVICE), "once by UDP, once by TCP");
        }
    }

    @Test
    void killedServerIsUnreachableAndItsReturnIsNoticedWithinTwoSeconds() {
        try (Dnsmasq dnsmasq = Dnsmasq.start(1, zone("10.0.0.1"));
                RecordingListener seen = watchService(dnsmasq)) {
            awaitAddresses(seen, "10.0.0.1:6379", "10.0.0.2:6380");
            dnsmasq.kill();
            eventually(() -> assertInstanceOf(Unreachable.class, seen.last()));
            awaitWithin(2_000, () -> dnsmasq.zone(zone("10.0.0.9")), seen, "10.0.0.9:6379", "10.0.0.2:6380");
        }
    }

    @Test
    void stoppedServerIsUnreachableAndItsReturnIsNoticedWithinTwoSeconds() {
        try (Dnsmasq dnsmasq = Dnsmasq.start(1, zone("10.0.0.1"));
                RecordingListener seen = watchService(dnsmasq)) {
            awaitAddresses(seen, "10.0.0.1:6379", "10.0.0.2:6380");
            dnsmasq.pause();
            eventually(() -> assertInstanceOf(Unreachable.class, seen.last()));
            awaitWithin(2_000, dnsmasq::resume, seen, "10.0.0.1:6379", "10.0.0.2:6380");
        }
    }

    @Test
    void namesThatComeAndGoAreAbsentMeanwhile() {
        try (Dnsmasq dnsmasq = Dnsmasq.start(1, "host-record=other.example.com,10.0.0.1");
                RecordingListener seen = watchService(dnsmasq);
                RecordingListener host = watch("dns://r1.example.com:80?resolver=" + dnsmasq.address())) {
            eventually(() -> assertInstanceOf(Absent.class, seen.last()));
            eventually(() -> assertInstanceOf(Absent.class, host.last()));
            dnsmasq.zone(zone("10.0.0.1"));
            awaitAddresses(seen, "10.0.0.1:6379", "10.0.0.2:6380");
            awaitAddresses(host, "10.0.0.1:80");
            dnsmasq.zone("host-record=other.example.com,10.0.0.1");
            eventually(() -> assertInstanceOf(Absent.class, seen.last()));
            eventually(() -> assertInstanceOf(Absent.class, host.last()));
        }
    }

    @Test
    void nameWithRecordsOfOtherTypesIsKnownToBeEmpty() {
        try (Dnsmasq dnsmasq = Dnsmasq.start(1, "txt-record=" + SERVICE + ",x");
                RecordingListener seen = watchService(dnsmasq)) {
            eventually(() -> assertEquals(new Known(Set.of()), seen.last()));
        }
    }

    @Test
    void ttlZeroAsksOnceASecondAtMost() {
        try (Dnsmasq dnsmasq = Dnsmasq.start(0, zone("10.0.0.1"));
                RecordingListener seen = watchService(dnsmasq)) {
            awaitAddresses(seen, "10.0.0.1:6379", "10.0.0.2:6380");
            long start = System.nanoTime();
            long before = dnsmasq.queries("SRV", SERVICE);
            eventually(() -> assertTrue(dnsmasq.queries("SRV", SERVICE) >= before + 4));
            long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
            assertTrue(millis >= 3_000, "four more queries within " + millis + " ms");
        }
    }

    @Test
    void fiftyWatchesAreBackWithinTwoSeconds() {
        List<RecordingListener> watches = new ArrayList<>();
        try (Dnsmasq dnsmasq = Dnsmasq.start(1, zone("10.0.0.1"))) {
            for (int i = 0; i < 50; i++) {
                watches.add(watchService(dnsmasq));
            }
            watches.forEach(seen -> awaitAddresses(seen, "10.0.0.1:6379", "10.0.0.2:6380"));
            dnsmasq.kill();
            watches.forEach(seen -> eventually(() -> assertInstanceOf(Unreachable.class, seen.last())));
            dnsmasq.zone(zone("10.0.0.9"));
            long start = System.nanoTime();
            watches.forEach(seen -> awaitAddresses(seen, "10.0.0.9:6379", "10.0.0.2:6380"));
            long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
            assertWithin(Duration.ofSeconds(2), took);
        } finally {
            watches.forEach(RecordingListener::close);
        }
    }
}
