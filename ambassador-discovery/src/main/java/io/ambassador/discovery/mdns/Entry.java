package io.ambassador.discovery.mdns;

import io.ambassador.discovery.support.Jitter;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.xbill.DNS.Record;

/** One record, as long as it is believed. Times are of {@link System#nanoTime}. */
final class Entry {
    private static final double FIRST_ASK = 0.80;
    private static final double ASK_STEP = 0.05;
    private static final double JITTER_SHARE = 0.02;
    private static final int ASKS = 4;

    /** From the third time on, it is in doubt whether anybody answers at all. */
    private static final int ASKS_UNTIL_DOUBT = 3;

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration TO_CONFIRM = Duration.ofMillis(800);

    private final Record value;
    private long since;
    private long ttl;
    private long expires;
    private int asked; // how many of the times for asking are over
    private long nextAsk;
    private boolean leaving; // somebody said so, or it has to be confirmed

    Entry(Record value) {
        this.value = value;
    }

    /** It has been told. */
    void refresh(long now, long ttlNanos) {
        since = now;
        ttl = ttlNanos;
        expires = now + ttlNanos;
        leaving = false;
        asked = 0;
        schedule();
    }

    /** RFC 6762, sections 10.1 and 10.2: it goes in a second, unless somebody objects. */
    void leave(long now) {
        leaving = true;
        expires = Math.min(expires, now + SECOND.toNanos());
        nextAsk = Long.MAX_VALUE;
    }

    /** It is asked for once, and goes unless it is told again. */
    void question(long now) {
        leaving = true;
        expires = Math.min(expires, now + TO_CONFIRM.toNanos());
        asked = ASKS - 1;
        nextAsk = now;
    }

    /** Returns whether it is in doubt that anybody answers at all. */
    boolean asked() {
        asked++;
        schedule();
        return asked >= ASKS_UNTIL_DOUBT;
    }

    /** With up to 2 % of chance, so that not all who heard a record ask at once. */
    private void schedule() {
        double share = FIRST_ASK + asked * ASK_STEP;
        nextAsk = asked < ASKS ? since + (long) (ttl * (share + Jitter.between(0, JITTER_SHARE))) : Long.MAX_VALUE;
    }

    Record value() {
        return value;
    }

    long expires() {
        return expires;
    }

    long nextAsk() {
        return nextAsk;
    }

    boolean isLeaving() {
        return leaving;
    }

    boolean isToldAt(long now) {
        return since == now;
    }

    /** By more than a second, so it does not belong to what is told now (section 10.2). */
    boolean isOlder(long now) {
        return now - since > SECOND.toNanos();
    }

    /** From when on everybody is asked, since it has not been told again. */
    long inDoubt() {
        return since + (long) (ttl * (FIRST_ASK + (ASKS_UNTIL_DOUBT - 1) * ASK_STEP));
    }

    /** Half of its time is left, so whoever is asked need not tell it again. */
    boolean isKnown(long now) {
        return !leaving && expires - now > ttl / 2;
    }

    long secondsLeft(long now) {
        return TimeUnit.NANOSECONDS.toSeconds(expires - now);
    }
}
