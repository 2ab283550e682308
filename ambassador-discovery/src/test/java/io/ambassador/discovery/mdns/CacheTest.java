package io.ambassador.discovery.mdns;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.discovery.dns.Family;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.PTRRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.SRVRecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/** The cache in a time of the test's own. */
class CacheTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final ServiceType REDIS = ServiceType.parse("_redis._tcp");
    private static final int CHANGES = Integer.getInteger("mdns.changes", 3_000);

    private final Zone zone = new Zone("_redis._tcp", 100);
    private long now = 1_000 * SECOND;
    private Cache cache = new Cache(REDIS, null, Family.ANY, Duration.ofMinutes(2), now);

    private void announce(String instance, String place) {
        zone.put(instance, place);
        cache.hear(zone.announcement(instance), now);
    }

    private void goodbye(String instance) {
        String place = zone.places().get(instance);
        zone.remove(instance);
        cache.hear(zone.goodbye(instance, place), now);
    }

    /** What is sent until {@code seconds} from now. */
    private List<Message> sentWithin(double seconds) {
        List<Message> sent = new ArrayList<>();
        long end = now + (long) (seconds * SECOND);
        while (cache.due() <= end) {
            now = Math.max(now, cache.due());
            cache.expire(now);
            cache.ask(now).forEach(packet -> sent.add(Packets.read(packet)));
        }
        now = end;
        cache.expire(now);
        return sent;
    }

    private Map<String, String> known() {
        return known(cache);
    }

    private static Map<String, String> known(Cache cache) {
        Map<String, String> known = new TreeMap<>();
        for (Name instance : cache.instances()) {
            for (SRVRecord at : cache.at(instance)) {
                for (InetAddress address : cache.addresses(at.getTarget())) {
                    known.merge(
                            ServiceType.instanceText(instance),
                            address.getHostAddress() + ":" + at.getPort(),
                            (a, b) -> a + "," + b);
                }
            }
        }
        return known;
    }

    private static long asking(List<Message> sent, int type) {
        return sent.stream()
                .flatMap(message -> message.getSection(Section.QUESTION).stream())
                .filter(question -> question.getType() == type)
                .count();
    }

    @Test
    void asksSoonAndThenEverySecondWhoIsThereWhileNobodyIs() {
        assertEquals(1, sentWithin(0.2).size());
        List<Message> more = sentWithin(16);
        assertTrue(more.size() >= 16 / 1.25 && more.size() <= 16, () -> more.size() + " questions");
        Record question = more.get(0).getQuestion();
        assertEquals("_redis._tcp.local.", question.getName().toString());
        assertEquals(Type.PTR, question.getType());
        assertEquals(DClass.IN, question.getDClass());
        assertFalse(more.get(0).getHeader().getFlag(Flags.RD));
        assertEquals(0, more.get(0).getHeader().getID());
    }

    @Test
    void anotherHostsQuestionIsAsGoodAsAnOwn() {
        sentWithin(0.2);
        for (int i = 0; i < 10; i++) {
            cache.heardQuestion(now);
            assertEquals(List.of(), sentWithin(0.9));
        }
    }

    /** Answers are lost, and responders leave out what they have just told. */
    @Test
    void afterAFirstAnswerItIsAskedAgainEverMoreRarely() {
        announce("one", "10.0.0.1:1");
        long first = now;
        for (int seconds : List.of(1, 3, 7, 15)) {
            assertEquals(List.of(), sentWithin(seconds * 0.999 - secondsSince(first)));
            List<Message> sent = sentWithin(seconds * 1.101 - secondsSince(first));
            assertEquals(1, asking(sent, Type.PTR), "after " + seconds + " s");
            assertEquals(seconds == 1 ? 1 : 0, asking(sent, Type.A));
            assertEquals(0, asking(sent, Type.SRV) + asking(sent, Type.TXT));
            assertEquals(1, sent.get(0).getSection(Section.ANSWER).size(), "who is known need not answer");
        }
        assertEquals(List.of(), sentWithin(60));
    }

    private double secondsSince(long then) {
        return (double) (now - then) / SECOND;
    }

    @Test
    void whoseFirstAnswerWasLostIsKnownASecondLater() {
        zone.put("lost", "10.0.0.2:2");
        announce("one", "10.0.0.1:1");
        pass(1.2, false, null);
        assertEquals(Map.of("one", "10.0.0.1:1", "lost", "10.0.0.2:2"), known());
    }

    @Test
    void aHostsOtherAddressesAreKnownASecondLater() throws Exception {
        zone.put("one", "10.0.0.20:1");
        List<Record> all = zone.announcement("one");
        cache.hear(all, now);
        Record other = address(all.get(3).getName(), "10.0.0.10");
        assertEquals(1, asking(sentWithin(1.2), Type.A));
        cache.hear(List.of(all.get(3), other), now);
        assertEquals(2, cache.addresses(other.getName()).size());
        assertEquals(0, asking(sentWithin(60), Type.A));
    }

    /** It may be announced alone, and a second later together with the others. */
    @Test
    void aFurtherAddressDoesNotTakeTheOthersPlace() throws Exception {
        announce("one", "10.0.0.1:1");
        Record first = zone.announcement("one").get(3);
        sentWithin(20);
        cache.hear(List.of(address(first.getName(), "10.0.0.2")), now);
        sentWithin(0.9);
        assertEquals(Map.of("one", "10.0.0.1:1,10.0.0.2:1"), known());
        cache.hear(List.of(first, address(first.getName(), "10.0.0.2")), now);
        sentWithin(20);
        assertEquals(Map.of("one", "10.0.0.1:1,10.0.0.2:1"), known());

        cache.hear(List.of(address(first.getName(), "10.0.0.3")), now);
        sentWithin(1.1);
        assertEquals(Map.of("one", "10.0.0.3:1"), known());
        assertFalse(cache.takeLostSilently());
    }

    private static Record address(Name host, String text) throws Exception {
        return new ARecord(host, DClass.IN | 0x8000, 100, InetAddress.getByName(text));
    }

    @Test
    void inSilenceEverybodyIsAskedEverySecondThoughSomeAreStillBelieved() {
        announce("long ago", "10.0.0.1:1");
        sentWithin(50);
        announce("later", "10.0.0.2:2");
        sentWithin(50.1);
        assertTrue(cache.takeLostSilently());
        assertEquals(Map.of("later", "10.0.0.2:2"), known());

        for (int i = 0; i < 10; i++) {
            List<Message> sent = sentWithin(1.25);
            assertTrue(asking(sent, Type.PTR) > 0, "question " + i);
            assertEquals(0, sent.get(0).getSection(Section.ANSWER).size(), "even those that are known");
        }
        announce("later", "10.0.0.2:2");
        zone.put("long ago", "10.0.0.1:1");
        pass(1.2, false, null);
        assertEquals(zone.places(), known());
        assertTrue(asking(sentWithin(60), Type.PTR) <= 3);
    }

    @Test
    void afterASilenceNewInstancesAreAskedForAtOnce() {
        announce("long ago", "10.0.0.1:1");
        sentWithin(50);
        announce("later", "10.0.0.2:2");
        sentWithin(50.1);
        zone.put("new", "10.0.0.3:3");
        cache.hear(zone.announcement("new").subList(0, 1), now);
        assertTrue(asking(sentWithin(0.13), Type.SRV) >= 2, "of the new one and the one to be confirmed");
    }

    @Test
    void afterASilenceWhatIsStillBelievedHasToBeConfirmed() {
        announce("long ago", "10.0.0.1:1");
        sentWithin(50);
        announce("went unheard", "10.0.0.2:2");
        announce("moved unheard", "10.0.0.3:3");
        announce("stays", "10.0.0.4:4");
        sentWithin(50.1);
        assertTrue(cache.takeLostSilently());
        zone.remove("went unheard");
        zone.put("moved unheard", "10.0.0.5:5");

        pass(2.2, false, null);
        assertEquals(zone.places(), known());
        assertFalse(cache.takeLostSilently());
    }

    @Test
    void asksAgainFourTimesInTheLastFifthOfALife() {
        sentWithin(0.2);
        announce("one", "10.0.0.1:1");

        sentWithin(20);
        assertEquals(List.of(), sentWithin(59.9));
        for (int i = 0; i < 4; i++) {
            assertEquals(1, asking(sentWithin(2.2), Type.SRV), "question " + i);
            assertEquals(0, asking(sentWithin(2.8), Type.SRV), "after question " + i);
        }
        assertEquals(List.of(), sentWithin(0.09));
        assertEquals(1, known().size());
        sentWithin(0.02);
        assertEquals(Map.of(), known());
        assertTrue(cache.takeLostSilently(), "nobody answered at all");
    }

    @Test
    void anAnswerBeginsTheLifeAnew() {
        announce("one", "10.0.0.1:1");
        sentWithin(82.5);
        announce("one", "10.0.0.1:1");
        assertEquals(List.of(), sentWithin(79), "neither is it a first answer");
        assertEquals(Map.of("one", "10.0.0.1:1"), known());
    }

    @Test
    void whoIsSilentWhileOthersAnswerIsGone() {
        announce("dead", "10.0.0.1:1");
        sentWithin(50);
        announce("alive", "10.0.0.2:2");
        sentWithin(40.1); // 90 % of the life of dead: in doubt, all that are there are asked
        cache.hear(zone.announcement("alive"), now + 2 * SECOND);
        sentWithin(15);
        assertEquals(Map.of("alive", "10.0.0.2:2"), known());
        assertFalse(cache.takeLostSilently());
    }

    @Test
    void inDoubtEverybodyIsAskedEvenThoseThatAreKnown() {
        announce("dead", "10.0.0.1:1");
        sentWithin(50);
        announce("alive", "10.0.0.2:2");
        List<Message> sure = sentWithin(39);
        assertTrue(
                sure.stream()
                        .anyMatch(message -> !message.getSection(Section.ANSWER).isEmpty()),
                sure::toString);
        List<Message> unsure = sentWithin(4);
        assertTrue(
                unsure.stream()
                        .anyMatch(message -> asking(List.of(message), Type.PTR) == 1
                                && message.getSection(Section.ANSWER).isEmpty()),
                unsure::toString);
    }

    @Test
    void aGoodbyeCountsAfterASecondUnlessSomebodyObjects() {
        announce("one", "10.0.0.1:1");
        announce("two", "10.0.0.2:2");
        sentWithin(5);
        goodbye("one");
        goodbye("two");
        assertEquals(2, known().size());
        sentWithin(0.5);
        announce("two", "10.0.0.2:2");
        sentWithin(0.6);
        assertEquals(Map.of("two", "10.0.0.2:2"), known());
        assertFalse(cache.takeLostSilently());
    }

    @Test
    void aNewPlaceReplacesTheOldAtOnce() {
        announce("one", "10.0.0.1:1");
        sentWithin(5);
        announce("one", "10.0.0.1:9");
        assertEquals(Map.of("one", "10.0.0.1:9"), known());
        sentWithin(0.5);
        cache.hear(
                zone.announcement("one").subList(1, 2), now); // less than a second later: it belongs to the same answer
        assertEquals(Map.of("one", "10.0.0.1:9"), known());
    }

    @Test
    void whatIsMissingIsAskedFor() throws Exception {
        zone.put("one", "10.0.0.1:1");
        cache.hear(zone.announcement("one").subList(0, 1), now);
        List<Message> where = sentWithin(0.2);
        assertEquals(1, asking(where, Type.SRV));
        assertEquals(1, asking(where, Type.TXT));
        cache.hear(zone.announcement("one").subList(1, 3), now);
        assertFalse(cache.isComplete());
        List<Message> address = sentWithin(0.2);
        assertEquals(1, asking(address, Type.A));
        assertEquals(1, asking(address, Type.AAAA));
        cache.hear(zone.announcement("one").subList(3, 4), now);
        assertTrue(cache.isComplete());
        assertEquals(0, asking(sentWithin(60), Type.SRV));
    }

    @Test
    void ipv6IsNotTakenBeforeItIsClearThatThereIsNoIpv4() throws Exception {
        zone.put("one", "10.0.0.1:1");
        List<Record> all = zone.announcement("one");
        Record six = new AAAARecord(all.get(3).getName(), DClass.IN, 100, InetAddress.getByName("fd00::1"));
        cache.hear(all.subList(0, 3), now);
        cache.hear(List.of(six), now);
        assertEquals(1, asking(sentWithin(0.5), Type.A));
        assertEquals(Map.of(), known()); // a responder that has just told it to all does not repeat it
        assertFalse(cache.isComplete());
        assertEquals(1, asking(sentWithin(1), Type.A));
        cache.hear(all.subList(3, 4), now);
        assertEquals("10.0.0.1", cache.addresses(six.getName()).get(0).getHostAddress());

        cache = new Cache(REDIS, null, Family.ANY, Duration.ofMinutes(2), now);
        cache.hear(all.subList(0, 3), now);
        cache.hear(List.of(six), now);
        assertEquals(3, asking(sentWithin(4), Type.A));
        assertEquals(1, known().size());
        assertEquals(0, asking(sentWithin(60), Type.A));
    }

    @Test
    void onlyAddressesThatCountAreAskedFor() {
        cache = new Cache(REDIS, null, Family.IPV6, Duration.ofMinutes(2), now);
        zone.put("one", "10.0.0.1:1");
        cache.hear(zone.announcement("one"), now);
        List<Message> sent = sentWithin(5);
        assertEquals(0, asking(sent, Type.A));
        assertTrue(asking(sent, Type.AAAA) > 0);
    }

    @Test
    void whatBelongsToOthersIsPassedOver() throws Exception {
        Name outside = Name.fromString("printer._ipp._tcp.local.");
        Name below = Name.fromString("a.b._redis._tcp.local.");
        Zone other = new Zone("_ipp._tcp", 100);
        other.put("printer", "10.0.0.9:631");
        assertFalse(cache.hear(other.announcement("printer"), now));
        for (Name wrong : List.of(outside, below, REDIS.instances(), Name.root)) {
            assertFalse(
                    cache.hear(List.of(new PTRRecord(REDIS.browsed(), DClass.IN, 100, wrong)), now), wrong::toString);
        }
        zone.put("one", "10.0.0.1:1");
        List<Record> chaos = zone.announcement("one").stream()
                .map(each -> Record.newRecord(
                        each.getName(), each.getType(), DClass.CHAOS, 100, each.rdataToWireCanonical()))
                .toList();
        assertFalse(cache.hear(chaos, now));
        // An address without the instance that it belongs to
        assertFalse(cache.hear(zone.announcement("one").subList(3, 4), now));
        assertEquals(Map.of(), known());
    }

    @Test
    void anInstancesNameIsOneLabelOfAnyBytes() throws Exception {
        String text = "Büro: v1.2 \\ \"x\"";
        Name name = REDIS.instance(text);
        assertNotNull(name);
        assertTrue(REDIS.isInstance(name));
        assertEquals(text, ServiceType.instanceText(new Name(name.toString())));
        byte[] label = name.getLabel(0);
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        assertEquals(bytes.length, label[0]);
        assertArrayEquals(bytes, Arrays.copyOfRange(label, 1, label.length));
        assertNull(REDIS.instance("x".repeat(64)));
        assertNull(REDIS.instance(""));

        cache = new Cache(REDIS, name, Family.ANY, Duration.ofMinutes(2), now);
        announce("another", "10.0.0.1:1");
        announce(text, "10.0.0.2:2");
        assertEquals(Map.of(text, "10.0.0.2:2"), known());
    }

    @Test
    void longLivesAreCutShort() throws Exception {
        Zone lasting = new Zone("_redis._tcp", Integer.MAX_VALUE);
        lasting.put("one", "10.0.0.1:1");
        cache.hear(lasting.announcement("one"), now);
        sentWithin(119);
        assertEquals(1, known().size());
        sentWithin(2);
        assertEquals(0, known().size());
    }

    @Test
    void whatIsKnownIsToldInPacketsThatFit() {
        for (int i = 0; i < 500; i++) {
            announce("instance number " + i, "10.0.0.1:" + (1 + i));
        }
        List<Entry> known = new ArrayList<>();
        RecordSet set =
                new RecordSet(new RecordSet.Rules(1_000, Duration.ofSeconds(1), Duration.ofMinutes(1), 0, false), now);
        for (int i = 0; i < 500; i++) {
            set.hear(zone.announcement("instance number " + i).subList(0, 1), false, now, Duration.ofMinutes(2));
        }
        known.addAll(set.entries());
        List<byte[]> packets = Packets.browse(REDIS.browsed(), known, now);
        int answers = 0;
        for (int i = 0; i < packets.size(); i++) {
            Message message = Packets.read(packets.get(i));
            answers += message.getSection(Section.ANSWER).size();
            assertTrue(packets.get(i).length <= 1_400);
            assertEquals(i < packets.size() - 1, message.getHeader().getFlag(Flags.TC));
            assertEquals(i == 0 ? 1 : 0, message.getSection(Section.QUESTION).size());
        }
        assertEquals(500, answers);
    }

    @Test
    void textIsMetadataByItsRules() throws Exception {
        TXTRecord txt = new TXTRecord(
                REDIS.browsed(),
                DClass.IN,
                1,
                List.of("Path=/a=b", "path=second", "flag", "=nothing", "", "role=primary", "x=" + "y".repeat(250)));
        Map<String, String> metadata = Txt.metadata(txt);
        assertEquals("/a=b", metadata.get("txt.path"));
        assertEquals("", metadata.get("txt.flag"));
        assertEquals("primary", metadata.get("txt.role"));
        assertNull(metadata.get("role"), "nobody on the link says who is primary");
        assertEquals(4, metadata.size());
        TXTRecord huge = new TXTRecord(
                REDIS.browsed(),
                DClass.IN,
                1,
                IntStream.range(0, 1_000).mapToObj(i -> "k" + i + "=v").toList());
        assertTrue(Txt.metadata(huge).size() < 300);
    }

    /** Packets are lost, come twice, or late; the responder falls silent and comes back. */
    @Test
    void inTheEndWhatIsKnownIsWhatIsThere() {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        List<List<Record>> late = new ArrayList<>();
        boolean silent = false;
        for (int i = 0; i < CHANGES; i++) {
            String instance = "i. " + random.nextInt(50);
            silent = random.nextInt(50) == 0 ? !silent : silent;
            List<Record> said;
            if (zone.places().containsKey(instance) && random.nextInt(3) == 0) {
                String place = zone.places().get(instance);
                zone.remove(instance);
                said = zone.goodbye(instance, place);
            } else {
                zone.put(instance, "10.0.0." + random.nextInt(20) + ":" + (1 + random.nextInt(60_000)));
                said = zone.announcement(instance);
            }
            if (!silent) {
                for (int copy = 0; copy < 2; copy++) {
                    if (random.nextInt(4) > 0) {
                        (random.nextInt(10) == 0 ? late : new ArrayList<List<Record>>()).add(said);
                        cache.hear(said, now);
                    }
                }
            }
            if (random.nextInt(5) == 0 && !late.isEmpty()) {
                cache.hear(late.remove(random.nextInt(late.size())), now);
            }
            pass(random.nextInt(3_000) / 1_000.0, silent, random);
        }
        pass(300, false, null);
        pass(0.2, false, null);
        assertEquals(new TreeMap<>(zone.places()), known(), () -> "seed " + seed);
    }

    /** @param random {@code null} to lose nothing */
    private void pass(double seconds, boolean silent, SplittableRandom random) {
        long end = now + (long) (seconds * SECOND);
        while (cache.due() <= end) {
            now = Math.max(now, cache.due());
            cache.expire(now);
            for (byte[] packet : cache.ask(now)) {
                if (!silent && (random == null || random.nextInt(5) > 0)) {
                    cache.hear(zone.answers(Packets.read(packet)), now);
                }
            }
        }
        now = end;
        cache.expire(now);
    }
}
