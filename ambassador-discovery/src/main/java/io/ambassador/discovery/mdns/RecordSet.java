package io.ambassador.discovery.mdns;

import io.ambassador.discovery.support.Jitter;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.xbill.DNS.Record;

/**
 * The records of one name and type that a link has told, and when to ask for them again: at 80, 85, 90 and 95 % of each
 * one's time to live (RFC 6762, section 5.2); with growing delays while there is none. Times are of
 * {@link System#nanoTime}.
 */
final class RecordSet {
    /** One record, as long as it is believed. */
    static final class Entry {
        private final Record value;
        private long since;
        private long ttl;
        private long expires;
        private int asked; // how many of the times for asking are over
        private long nextAsk;
        private boolean goodbye;

        private Entry(Record value) {
            this.value = value;
        }

        private void refresh(long now, long ttlNanos) {
            since = now;
            ttl = ttlNanos;
            expires = now + ttlNanos;
            goodbye = false;
            asked = 0;
            schedule();
        }

        /** With up to 2 % of chance, so that not all who heard a record ask at once. */
        private void schedule() {
            double share = FIRST_ASK + asked * ASK_STEP;
            nextAsk = asked < ASKS ? since + (long) (ttl * (share + Jitter.between(0, JITTER_SHARE))) : Long.MAX_VALUE;
        }

        Record value() {
            return value;
        }

        /** Half of its time is left, so whoever is asked need not tell it again. */
        boolean isKnown(long now) {
            return !goodbye && expires - now > ttl / 2;
        }

        long secondsLeft(long now) {
            return TimeUnit.NANOSECONDS.toSeconds(expires - now);
        }
    }

    /**
     * What became of a response.
     *
     * @param changed whether there are other records than before
     * @param full whether there was no room for some
     */
    record Heard(boolean changed, boolean full) {}

    /** @param silently nobody said so, and nobody answered when asked for the last times, from {@code asked} on */
    record Expired(Record value, boolean silently, long asked) {}

    private static final double FIRST_ASK = 0.80;
    private static final double ASK_STEP = 0.05;
    private static final double JITTER_SHARE = 0.02;
    private static final int ASKS = 4;

    /** From the third time on, it is in doubt whether anybody answers at all. */
    private static final int ASKS_UNTIL_DOUBT = 3;

    private static final Duration LAST_SECOND = Duration.ofSeconds(1);

    private final Map<ByteBuffer, Entry> entries = new LinkedHashMap<>();
    private final int most;
    private final Duration longestDelay;
    private Duration delay = LAST_SECOND;
    private long nextAsk;
    private boolean told; // there has been a record
    private int unanswered; // questions without

    /**
     * @param most records that are kept; more are passed over
     * @param longestDelay between two questions while there is no record
     */
    RecordSet(int most, Duration longestDelay, long firstAsk) {
        this.most = most;
        this.longestDelay = longestDelay;
        this.nextAsk = firstAsk;
    }

    /** What one response says of this set. */
    Heard hear(List<Record> records, boolean flush, long now, Duration maxTtl) {
        boolean full = false;
        boolean changed = false;
        for (Record each : records) {
            ByteBuffer data = ByteBuffer.wrap(each.rdataToWireCanonical());
            Entry entry = entries.get(data);
            if (each.getTTL() == 0) { // RFC 6762, section 10.1: it goes in a second, unless somebody objects
                if (entry != null) {
                    entry.goodbye = true;
                    entry.expires = Math.min(entry.expires, now + LAST_SECOND.toNanos());
                    entry.nextAsk = Long.MAX_VALUE;
                }
                continue;
            }
            if (entry == null) {
                if (entries.size() >= most) {
                    full = true;
                    continue;
                }
                entry = new Entry(each);
                entries.put(data, entry);
                changed = true;
                told = true;
            }
            entry.refresh(now, Math.min(TimeUnit.SECONDS.toNanos(each.getTTL()), maxTtl.toNanos()));
        }
        if (flush) { // section 10.2: what is older than a second and was not repeated is not so any more
            changed |= entries.values().removeIf(entry -> now - entry.since > LAST_SECOND.toNanos());
        }
        if (!entries.isEmpty()) {
            delay = LAST_SECOND;
        }
        return new Heard(changed, full);
    }

    /** Takes out what is not believed any more. */
    List<Expired> expire(long now) {
        List<Expired> expired = new ArrayList<>();
        for (Iterator<Entry> all = entries.values().iterator(); all.hasNext(); ) {
            Entry entry = all.next();
            if (entry.expires <= now) {
                all.remove();
                double inDoubt = FIRST_ASK + (ASKS_UNTIL_DOUBT - 1) * ASK_STEP;
                expired.add(new Expired(entry.value, !entry.goodbye, entry.since + (long) (entry.ttl * inDoubt)));
            }
        }
        if (!expired.isEmpty() && entries.isEmpty()) {
            nextAsk = now + delay.toNanos();
        }
        return expired;
    }

    /** The next time for asking or expiring. */
    long due() {
        long due = entries.isEmpty() ? nextAsk : Long.MAX_VALUE;
        for (Entry entry : entries.values()) {
            due = Math.min(due, Math.min(entry.expires, entry.nextAsk));
        }
        return due;
    }

    boolean isToBeAsked(long now) {
        return entries.isEmpty() ? nextAsk <= now : entries.values().stream().anyMatch(entry -> entry.nextAsk <= now);
    }

    /** It is being asked for. Returns whether it is in doubt that anybody answers at all. */
    boolean asked(long now) {
        boolean doubt = false;
        for (Entry entry : entries.values()) {
            while (entry.nextAsk <= now) {
                entry.asked++;
                doubt |= entry.asked >= ASKS_UNTIL_DOUBT;
                entry.schedule();
            }
        }
        if (entries.isEmpty()) {
            unanswered++;
            nextAsk = now + delay.toNanos();
            delay = delay.multipliedBy(2).compareTo(longestDelay) < 0 ? delay.multipliedBy(2) : longestDelay;
        }
        return doubt;
    }

    /** Whether there may well be a record that has not been told yet: a responder need not repeat one within a second. */
    boolean isAwaited() {
        return !told && unanswered < ASKS_UNTIL_DOUBT;
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    List<Entry> entries() {
        return List.copyOf(entries.values());
    }

    List<Record> values() {
        return entries.values().stream().map(Entry::value).toList();
    }
}
