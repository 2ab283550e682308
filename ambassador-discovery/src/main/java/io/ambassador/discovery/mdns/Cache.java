package io.ambassador.discovery.mdns;

import io.ambassador.discovery.dns.Family;
import io.ambassador.discovery.support.Jitter;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.PTRRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.SRVRecord;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/**
 * What one link has told of one service, and what is to be asked when: who is there, then where each one is, then at which
 * address. Keeps what belongs to the service and nothing else, and of that no more than its limits. Times are of
 * {@link System#nanoTime}.
 */
final class Cache {
    /** What is asked for. */
    record Key(Name name, int type) {}

    /** More instances than these are passed over, so that a flood of them leaves room for those known before. */
    static final int MOST_INSTANCES = 1_000;

    private static final int MOST_RECORDS = 16;

    /** RFC 6762, section 5.2, and a little more, so that not all who heard the same ask at once. */
    private static final Duration DELAY_FROM = Duration.ofSeconds(1);

    private static final Duration DELAY_TO = Duration.ofMillis(1_100);
    private static final Duration LONGEST_DELAY = Duration.ofMinutes(1);
    private static final int BROWSE_FOLLOW_UPS = 4;
    private static final Duration FIRST_ASK_FROM = Duration.ofMillis(20);
    private static final Duration FIRST_ASK_TO = Duration.ofMillis(120);

    private final ServiceType service;
    private final @Nullable Name only;
    private final Family family;
    private final Duration maxTtl;
    private final Key browse;
    private final RecordSet.Rules addressRules;
    private final RecordSet.Rules placeRules;
    private final Map<Key, RecordSet> sets = new LinkedHashMap<>();
    private long heard;
    private boolean lostSilently;
    private boolean full;

    Cache(ServiceType service, @Nullable Name only, Family family, Duration maxTtl, long now) {
        this.service = service;
        this.family = family;
        this.only = only;
        this.maxTtl = maxTtl;
        this.browse = new Key(service.browsed(), Type.PTR);
        Duration delay = Jitter.between(DELAY_FROM, DELAY_TO);
        this.addressRules = new RecordSet.Rules(MOST_RECORDS, delay, LONGEST_DELAY, 1, true);
        this.placeRules = new RecordSet.Rules(MOST_RECORDS, delay, LONGEST_DELAY, 0, false);
        // While nobody is there, it is asked every second: who comes back from behind a fault does not announce itself.
        sets.put(
                browse,
                new RecordSet(
                        new RecordSet.Rules(MOST_INSTANCES, delay, delay, BROWSE_FOLLOW_UPS, false), firstAsk(now)));
    }

    /** Takes in what a response says. Returns whether any of it belongs to the service. */
    boolean hear(List<Record> records, long now) {
        Map<Key, List<Record>> told = records.stream()
                .filter(Packets::isOfInternet)
                .collect(Collectors.groupingBy(each -> new Key(each.getName(), each.getType()), Collectors.toList()));
        boolean any = hear(told, Set.of(Type.PTR), now);
        any |= hear(told, Set.of(Type.SRV, Type.TXT), now);
        any |= hear(told, Set.of(Type.A, Type.AAAA), now);
        if (any) {
            heard = now;
            if (of(browse).isDoubted()) {
                sets.values().forEach(set -> set.confirm(now));
            }
        }
        return any;
    }

    private boolean hear(Map<Key, List<Record>> told, Set<Integer> types, long now) {
        boolean any = false;
        boolean changed = false;
        for (Map.Entry<Key, List<Record>> each : told.entrySet()) {
            RecordSet set = types.contains(each.getKey().type()) ? sets.get(each.getKey()) : null;
            if (set == null) {
                continue;
            }
            List<Record> belonging =
                    each.getValue().stream().filter(this::belongs).toList();
            any |= !belonging.isEmpty();
            boolean flush = !each.getKey().equals(browse) && belonging.stream().anyMatch(Packets::replacesOthers);
            RecordSet.Heard heardNow = set.hear(belonging, flush, now, maxTtl);
            changed |= heardNow.changed();
            full |= heardNow.full() && each.getKey().equals(browse);
        }
        if (changed) {
            wantWhatIsMissing(now);
        }
        return any;
    }

    private boolean belongs(Record each) {
        return !(each instanceof PTRRecord pointer)
                || service.isInstance(pointer.getTarget()) && (only == null || only.equals(pointer.getTarget()));
    }

    private void wantWhatIsMissing(long now) {
        Map<Key, RecordSet> wanted = new LinkedHashMap<>();
        want(browse, wanted, now);
        for (Name instance : instances()) {
            want(new Key(instance, Type.SRV), wanted, now);
            want(new Key(instance, Type.TXT), wanted, now);
            for (SRVRecord at : at(instance)) {
                for (int type : List.of(Type.A, Type.AAAA)) {
                    if (family.includes(type)) {
                        want(new Key(at.getTarget(), type), wanted, now);
                    }
                }
            }
        }
        sets.keySet().retainAll(wanted.keySet());
        sets.putAll(wanted);
    }

    private void want(Key key, Map<Key, RecordSet> wanted, long now) {
        RecordSet there = sets.get(key);
        boolean address = key.type() == Type.A || key.type() == Type.AAAA;
        wanted.put(key, there != null ? there : new RecordSet(address ? addressRules : placeRules, firstAsk(now)));
    }

    private static long firstAsk(long now) {
        return now + Jitter.between(FIRST_ASK_FROM, FIRST_ASK_TO).toNanos();
    }

    /** Forgets what is not believed any more. Returns whether that was anything. */
    boolean expire(long now) {
        boolean any = false;
        boolean silently = false;
        for (RecordSet set : sets.values()) {
            for (RecordSet.Expired expired : set.expire(now)) {
                any = true;
                silently |= expired.silently() && heard < expired.asked();
            }
        }
        if (any) {
            wantWhatIsMissing(now);
        }
        if (silently) {
            lostSilently = true;
            of(browse).doubt(now);
        }
        return any;
    }

    /** The packets to be sent now. */
    List<byte[]> ask(long now) {
        List<Key> keys = new ArrayList<>();
        boolean browses = false;
        boolean doubt = false;
        for (Map.Entry<Key, RecordSet> each : sets.entrySet()) {
            if (isNeeded(each.getKey()) && each.getValue().isToBeAsked(now)) {
                doubt |= each.getValue().asked(now);
                if (each.getKey().equals(browse)) {
                    browses = true;
                } else {
                    keys.add(each.getKey());
                }
            }
        }
        List<byte[]> packets = new ArrayList<>();
        if (browses || doubt) { // in doubt, whoever is there at all has to answer
            List<Entry> known = doubt
                    ? List.of()
                    : of(browse).entries().stream()
                            .filter(each -> each.isKnown(now))
                            .toList();
            packets.addAll(Packets.browse(browse.name(), known, now));
        }
        packets.addAll(Packets.questions(keys));
        return packets;
    }

    /** IPv6 counts where there is no IPv4. */
    private boolean isNeeded(Key key) {
        RecordSet own = of(key);
        if (!own.isEmpty() || key.type() != Type.A && key.type() != Type.AAAA) {
            return true;
        }
        RecordSet other = sets.get(new Key(key.name(), key.type() == Type.A ? Type.AAAA : Type.A));
        return other == null || other.isEmpty() || key.type() == Type.A && own.isAwaited();
    }

    /** When {@link #expire} or {@link #ask} have to be called again. */
    long due() {
        long due = Long.MAX_VALUE;
        for (Map.Entry<Key, RecordSet> each : sets.entrySet()) {
            if (isNeeded(each.getKey())) {
                due = Math.min(due, each.getValue().due());
            }
        }
        return due;
    }

    /** Another host has just asked who is there, so everybody's answer is on its way. */
    void heardQuestion(long now) {
        RecordSet set = of(browse);
        if (set.isMissing()) {
            set.asked(now);
        }
    }

    /** Whether any instance has a place with an address. */
    boolean hasAny() {
        return instances().stream()
                .anyMatch(instance -> at(instance).stream()
                        .anyMatch(at -> !addresses(at.getTarget()).isEmpty()));
    }

    /** Whether every instance has a place, and every place an address. */
    boolean isComplete() {
        return instances().stream()
                .allMatch(instance -> !at(instance).isEmpty()
                        && at(instance).stream()
                                .noneMatch(at -> addresses(at.getTarget()).isEmpty()));
    }

    /** Whether something ended because nobody answered any more; asking takes note. */
    boolean takeLostSilently() {
        boolean taken = lostSilently;
        lostSilently = false;
        return taken;
    }

    /** Whether instances had to be passed over; asking takes note. */
    boolean takeFull() {
        boolean taken = full;
        full = false;
        return taken;
    }

    List<Name> instances() {
        return of(browse).values().stream()
                .map(each -> ((PTRRecord) each).getTarget())
                .sorted()
                .toList();
    }

    List<SRVRecord> at(Name instance) {
        return values(new Key(instance, Type.SRV), SRVRecord.class);
    }

    List<TXTRecord> texts(Name instance) {
        return values(new Key(instance, Type.TXT), TXTRecord.class);
    }

    /** Those of IPv4 first; none while it is not clear whether there are any of IPv4. */
    List<InetAddress> addresses(Name host) {
        RecordSet four = sets.get(new Key(host, Type.A));
        List<InetAddress> addresses = new ArrayList<>();
        if (four != null && four.isAwaited()) {
            return addresses;
        }
        values(new Key(host, Type.A), ARecord.class).forEach(each -> addresses.add(each.getAddress()));
        values(new Key(host, Type.AAAA), AAAARecord.class).forEach(each -> addresses.add(each.getAddress()));
        return addresses;
    }

    private <R extends Record> List<R> values(Key key, Class<R> type) {
        RecordSet set = sets.get(key);
        return set == null
                ? List.of()
                : set.values().stream().filter(type::isInstance).map(type::cast).toList();
    }

    private RecordSet of(Key key) {
        RecordSet set = sets.get(key);
        if (set == null) {
            throw new IllegalStateException("not asked for: " + key);
        }
        return set;
    }
}
