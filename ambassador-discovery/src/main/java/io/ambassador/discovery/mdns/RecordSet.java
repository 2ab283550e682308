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
import java.util.function.Predicate;
import org.xbill.DNS.Record;

/**
 * The records of one name and type that a link has told, and when to ask for them again: at 80, 85, 90 and 95 % of each
 * one's time to live (RFC 6762, section 5.2); with growing delays while there is none, and a few times after the first
 * one, for those that got lost or were left out because they had just been told. Times are of {@link System#nanoTime}.
 */
final class RecordSet {
    /**
     * What became of a response.
     *
     * @param changed whether there are other records than before
     * @param full whether there was no room for some
     */
    record Heard(boolean changed, boolean full) {}

    /** @param silently nobody said so, and nobody answered when asked for the last times, from {@code asked} on */
    record Expired(Record value, boolean silently, long asked) {}

    /**
     * How a kind of record is treated.
     *
     * @param most records that are kept; more are passed over
     * @param delay before the second question, and before the first one after a first record; then twice as much each time
     * @param longestDelay between two questions while there is no record
     * @param followUps questions after a first record
     * @param lingers whether a record that others replace is believed for a second more, in which it may be repeated: a
     *     responder may tell in several packets what belongs together
     */
    record Rules(int most, Duration delay, Duration longestDelay, int followUps, boolean lingers) {}

    /** Questions without an answer after which there is likely no record. */
    private static final int ASKS_UNTIL_NONE = 3;

    /** Who hears another ask keeps quiet, so that of many one asks, and not always the same. */
    private static final Duration JITTER = Duration.ofMillis(100);

    private final Map<ByteBuffer, Entry> entries = new LinkedHashMap<>();
    private final Rules rules;
    private Duration delay;
    private long nextAsk; // while there is no record, or after a first one
    private int asks; // of those
    private boolean told; // there has been a record
    private boolean doubted; // whether anybody is there: it is asked as if there were no record

    RecordSet(Rules rules, long firstAsk) {
        this.rules = rules;
        this.delay = rules.delay();
        this.nextAsk = firstAsk;
    }

    /** What one response says of this set. */
    Heard hear(List<Record> records, boolean flush, long now, Duration maxTtl) {
        boolean full = false;
        boolean changed = false;
        boolean none = entries.isEmpty();
        for (Record each : records) {
            ByteBuffer data = ByteBuffer.wrap(each.rdataToWireCanonical());
            Entry entry = entries.get(data);
            if (each.getTTL() == 0) {
                if (entry != null) {
                    entry.leave(now);
                }
                continue;
            }
            if (entry == null) {
                if (entries.size() >= rules.most()) {
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
        if (flush) {
            changed |= replaceOlder(now);
        }
        if (none && !entries.isEmpty()) {
            restart(now);
        }
        return new Heard(changed, full);
    }

    /** What is older than a second and was not repeated is not so any more. */
    private boolean replaceOlder(long now) {
        Predicate<Entry> older = entry -> entry.isOlder(now);
        if (rules.lingers()) {
            entries.values().stream().filter(older).forEach(entry -> entry.leave(now));
            return false;
        }
        return entries.values().removeIf(older);
    }

    /** Nobody has answered: it is asked until somebody does. */
    void doubt(long now) {
        if (!doubted) {
            doubted = true;
            restart(now);
        }
    }

    boolean isDoubted() {
        return doubted;
    }

    /** Somebody answers after a silence: what has not been told since may have gone unheard. */
    void confirm(long now) {
        if (doubted) {
            doubted = false;
            restart(now);
        }
        entries.values().stream().filter(entry -> !entry.isToldAt(now)).forEach(entry -> entry.question(now));
    }

    private void restart(long now) {
        asks = 0;
        delay = rules.delay();
        nextAsk = isFollowedUp() || isMissing() ? now + delay.toNanos() : Long.MAX_VALUE;
    }

    /** Whether there is no record, or it is doubted that anybody is there. */
    boolean isMissing() {
        return entries.isEmpty() || doubted;
    }

    private boolean isFollowedUp() {
        return asks < rules.followUps();
    }

    /** Takes out what is not believed any more. */
    List<Expired> expire(long now) {
        List<Expired> expired = new ArrayList<>();
        for (Iterator<Entry> all = entries.values().iterator(); all.hasNext(); ) {
            Entry entry = all.next();
            if (entry.expires() <= now) {
                all.remove();
                expired.add(new Expired(entry.value(), !entry.isLeaving(), entry.inDoubt()));
            }
        }
        if (!expired.isEmpty() && entries.isEmpty()) {
            restart(now);
        }
        return expired;
    }

    /** The next time for asking or expiring. */
    long due() {
        long due = nextAsk;
        for (Entry entry : entries.values()) {
            due = Math.min(due, Math.min(entry.expires(), entry.nextAsk()));
        }
        return due;
    }

    boolean isToBeAsked(long now) {
        return nextAsk <= now || entries.values().stream().anyMatch(entry -> entry.nextAsk() <= now);
    }

    /** It is being asked for. Returns whether it is in doubt that anybody answers at all. */
    boolean asked(long now) {
        boolean doubt = false;
        for (Entry entry : entries.values()) {
            while (entry.nextAsk() <= now) {
                doubt |= entry.asked();
            }
        }
        if (isMissing()) {
            asks++;
            nextAsk = now + Jitter.upTo(delay, JITTER).toNanos();
            Duration twice = delay.multipliedBy(2);
            delay = twice.compareTo(rules.longestDelay()) < 0 ? twice : rules.longestDelay();
        } else if (nextAsk <= now) {
            asks++;
            delay = delay.multipliedBy(2);
            nextAsk = isFollowedUp() ? now + delay.toNanos() : Long.MAX_VALUE;
        }
        return doubt || doubted;
    }

    /** Whether there may well be a record that has not been told yet: a responder need not repeat one within a second. */
    boolean isAwaited() {
        return !told && asks < ASKS_UNTIL_NONE;
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
