package io.ambassador.discovery.mdns;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.discovery.dns.Family;
import io.ambassador.discovery.support.net.RegistryLoop;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xbill.DNS.Message;
import org.xbill.DNS.Section;

/** What others on the link may send. */
class PacketsTest {
    private static final int MUTATIONS = Integer.getInteger("mdns.mutations", 5_000);

    private static byte[] response() {
        Zone zone = new Zone("_redis._tcp", 100);
        zone.put("My Redis v1.2", "10.0.0.1:6379");
        return Zone.response(zone.announcement("My Redis v1.2"));
    }

    @Test
    void aWholeResponseIsReadAndNoPartOfIt() {
        byte[] whole = response();
        assertNotNull(Packets.read(whole));
        for (int length = 0; length < whole.length; length++) {
            assertNull(Packets.read(Arrays.copyOf(whole, length)), "cut to " + length);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", // nothing
                "0000840000000001000000", // less than a header
                "000084000000ffffffffffff", // counts of what is not there
                "00008400ffff000000000000", // questions, too
                "000084000000000100000000c00c000c00010000000a0002c00c", // a name that points to itself
                "000084000000000100000000c00e000c00010000000a0002c00c", // two that point to each other
                "000084000000000100000000c0ff000c00010000000a0002c00c", // beyond the end
                "000084000000000100000000c012000c00010000000a0002c00c", // forward
                "0000840000000001000000003f61000c00010000000a000100", // a label longer than the packet
                "00008400000000010000000080000c00010000000a000100", // a label of no kind
                "00008400000000010000000000000c00010000000affff00", // data longer than the packet
                "000084000000000100000000000021000100000078000100", // SRV that is cut
                "00008403000000000000000000", // rcode NXDOMAIN
                "00008c00000000000000000000" // another opcode
            })
    void malformedOrToBeIgnored(String hex) {
        assertTimeout(
                Duration.ofSeconds(5),
                () -> assertNull(Packets.read(HexFormat.of().parseHex(hex))));
    }

    @Test
    void whateverIsSentIsReadOrPassedOver() {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        byte[] whole = response();
        Cache cache = new Cache(ServiceType.parse("_redis._tcp"), null, Family.ANY, Duration.ofMinutes(2), 0);
        int read = 0;
        for (int i = 0; i < MUTATIONS; i++) {
            byte[] bytes = Arrays.copyOf(whole, whole.length + random.nextInt(-8, 9));
            for (int change = random.nextInt(6); change >= 0; change--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            try {
                Message message = Packets.read(bytes);
                if (message != null) {
                    read++;
                    cache.hear(message.getSection(Section.ANSWER), i * 1_000_000L);
                    cache.expire(i * 1_000_000L);
                    cache.ask(i * 1_000_000L).forEach(packet -> assertNotNull(Packets.read(packet)));
                }
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + HexFormat.of().formatHex(bytes), e);
            }
        }
        assertTrue(read > MUTATIONS / 100, read + " of " + MUTATIONS + " were read");
    }

    @Test
    void ofAFloodOnlySoMuchIsReadEachSecond() throws Exception {
        AtomicInteger heard = new AtomicInteger();
        Link.Member member = new Link.Member() {
            @Override
            public void onResponse(Message response) {
                heard.incrementAndGet();
            }

            @Override
            public void onQuestion(Message query) {}

            @Override
            public void onFailure(String why) {
                heard.set(Integer.MIN_VALUE);
            }
        };
        EventLoop loop = RegistryLoop.acquire();
        try (Responder flood = new Responder(new Zone("_flood._tcp", 1))) {
            Link link = loop.submit(() -> new Link(Responder.loopback())).get();
            loop.submit(() -> link.join(member)).get();
            await().until(() -> {
                flood.send(response());
                return heard.get() > 0;
            });
            byte[] packet = response();
            long began = System.nanoTime();
            for (int i = 0; i < 20_000; i++) {
                flood.send(packet);
            }
            loop.submit(() -> {}).get();
            long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began);
            assertTrue(heard.get() > 100, heard + " were read");
            assertTrue(heard.get() <= Link.MOST_PACKETS_A_SECOND * (seconds + 3), heard + " in " + seconds + " s");
            loop.submit(link::close).get();
        } finally {
            RegistryLoop.release();
        }
    }

    @Test
    void onlyAddressesOfTheLinkAreOnIt() throws Exception {
        Link link = new Link(Responder.loopback());
        try {
            assertTrue(link.isOnLink(InetAddress.getByName("127.9.9.9")));
            assertTrue(link.isOnLink(InetAddress.getByName("fe80::1")));
            assertFalse(link.isOnLink(InetAddress.getByName("126.0.0.1")));
            assertFalse(link.isOnLink(InetAddress.getByName("198.51.100.1")));
            assertFalse(link.isOnLink(InetAddress.getByName("2001:db8::1")));
        } finally {
            link.close();
        }
    }

    @Test
    void instancesAtAddressesOfNoUseAreLeftOut() throws Exception {
        Link link = new Link(Responder.loopback());
        try {
            Cache cache = new Cache(ServiceType.parse("_redis._tcp"), null, Family.ANY, Duration.ofMinutes(2), 0);
            Zone zone = new Zone("_redis._tcp", 100);
            TreeMap<String, String> places = new TreeMap<>();
            places.put("any", "0.0.0.0:1");
            places.put("group", "224.0.0.251:1");
            places.put("no port", "10.0.0.1:0");
            places.put("right", "10.0.0.2:6379");
            places.forEach((instance, place) -> {
                zone.put(instance, place);
                cache.hear(zone.announcement(instance), 0);
            });
            Instances.Found found = new Instances(link, Family.ANY).of(cache);
            assertTrue(
                    found.entries().size() == 1 && found.entries().get(0).host().equals("10.0.0.2"));
            assertTrue(found.problems().size() == 3, () -> found.problems().toString());
            List<String> none = new Instances(link, Family.IPV6).of(cache).problems();
            assertTrue(none.size() == 4, none::toString);
        } finally {
            link.close();
        }
    }
}
