package io.ambassador.service;

import io.ambassador.service.SecretVersion.State;
import io.ambassador.spi.secret.Secret;
import io.github.resilience4j.core.IntervalFunction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The versions of one service's secret and the rules of which one a login tries: the newest, the one announced as next,
 * the one before the last change. Guarded by its keeper.
 */
final class SecretVersions {
    /** @param version {@code null} if none may be tried now */
    record Choice(@Nullable SecretVersion version, boolean trial) {
        static final Choice NONE = new Choice(null, false);
    }

    /** Logins at once with what no server has accepted yet: enough that one bad endpoint does not decide. */
    private static final int FIRST_TRIALS = 3;

    private static final Duration FIRST_RETRY = Duration.ofSeconds(1);
    private static final Duration LAST_RETRY = Duration.ofSeconds(30);
    private static final double JITTER = 0.2;
    private static final int DOUBLINGS = 10;

    private final RotationSpec rotation;
    private final LongSupplier nanos;
    private final IntervalFunction pause =
            IntervalFunction.ofExponentialRandomBackoff(FIRST_RETRY, 2, JITTER, LAST_RETRY);
    private final AtomicLong numbers;
    private @Nullable SecretVersion current;
    private @Nullable SecretVersion next;
    private @Nullable SecretVersion previous;
    private long previousUntil;
    private boolean lost;
    private long lostAt;

    /**
     * @param nanos as {@link System#nanoTime}
     * @param numbers the last one given away, here or elsewhere
     */
    SecretVersions(RotationSpec rotation, LongSupplier nanos, AtomicLong numbers) {
        this.rotation = rotation;
        this.nanos = nanos;
        this.numbers = numbers;
    }

    @Nullable SecretVersion current() {
        return current;
    }

    @Nullable SecretVersion previous() {
        return previous;
    }

    /** Takes {@code read} over; returns whether it is another than before. */
    boolean readCurrent(Secret read) {
        SecretVersion old = current;
        SecretVersion now = remembered(read);
        if (now == old && old != null) {
            return false;
        }
        current = now;
        if (old != null && (now == previous || previous == null || old.everAccepted())) {
            SecretVersion dropped = previous;
            previous = old;
            previousUntil = nanos.getAsLong() + rotation.keepPrevious().toNanos();
            forget(dropped);
        }
        forget(old);
        expire();
        return true;
    }

    /** Takes {@code read} over; returns whether it is another than before. */
    boolean readNext(Secret read) {
        SecretVersion old = next;
        next = remembered(read);
        forget(old);
        return next != old;
    }

    private SecretVersion remembered(Secret read) {
        for (SecretVersion version : known()) {
            if (version.holds(read)) {
                read.close();
                return version;
            }
        }
        return new SecretVersion(numbers.incrementAndGet(), read, nanos.getAsLong());
    }

    /** Wipes the previous version if its time is over. */
    void expire() {
        SecretVersion old = previous;
        if (old != null && previousUntil - nanos.getAsLong() <= 0) {
            previous = null;
            forget(old);
        }
    }

    void wipe() {
        List<SecretVersion> all = known();
        current = null;
        next = null;
        previous = null;
        all.forEach(SecretVersion::retire);
    }

    private void forget(@Nullable SecretVersion version) {
        if (version != null && !known().contains(version)) {
            version.retire();
        }
    }

    /** In the order in which they are tried, each once. */
    private List<SecretVersion> known() {
        List<SecretVersion> known = new ArrayList<>(3);
        add(known, current);
        add(known, next);
        add(known, previous);
        return known;
    }

    private static void add(List<SecretVersion> known, @Nullable SecretVersion version) {
        if (version != null && !known.contains(version)) {
            known.add(version);
        }
    }

    boolean isEmpty() {
        return current == null && next == null;
    }

    /**
     * The version that a login takes.
     *
     * @param tried versions that have been refused to the same client
     */
    Choice choose(Set<Long> tried) {
        expire();
        List<SecretVersion> open = known();
        open.removeIf(version -> tried.contains(version.number()));
        SecretVersion accepted = first(open, State.ACCEPTED);
        SecretVersion newest = current;
        if (newest != null && accepted != newest && open.contains(newest) && newest.is(State.UNPROVEN)) {
            // Not yet known to the server, perhaps: one login finds out while the others use what works.
            if (newest.trials() < (accepted == null ? FIRST_TRIALS : 1)) {
                return new Choice(newest, true);
            }
            return accepted == null ? Choice.NONE : new Choice(accepted, false);
        }
        if (accepted != null) {
            return new Choice(accepted, false);
        }
        SecretVersion unproven = first(open, State.UNPROVEN);
        if (unproven != null) {
            return unproven.trials() == 0 ? new Choice(unproven, true) : Choice.NONE;
        }
        if (awaitsRotation()) {
            return Choice.NONE;
        }
        long now = nanos.getAsLong();
        for (SecretVersion version : open) {
            if (version.retryAt() - now <= 0 && !onTrial()) {
                return new Choice(version, true);
            }
        }
        return Choice.NONE;
    }

    private static @Nullable SecretVersion first(List<SecretVersion> versions, State state) {
        for (SecretVersion version : versions) {
            if (version.is(state)) {
                return version;
            }
        }
        return null;
    }

    /** Whether a login is finding out about a version. */
    boolean onTrial() {
        return known().stream().anyMatch(version -> version.trials() > 0);
    }

    /** What was accepted no longer is, no other version is either, and it is not too late for a newer one. */
    boolean awaitsRotation() {
        return lost && nanos.getAsLong() - lostAt < rotation.maxWait().toNanos();
    }

    /** A login that began before the last refusal tells nothing of what the server thinks now. */
    private static boolean isOutdated(SecretVersion version, long issuedAt) {
        return version.is(State.REFUSED) && version.refusedAt() - issuedAt > 0;
    }

    /** @return whether anything has changed */
    boolean accepted(SecretVersion version, long issuedAt) {
        if (version.is(State.ACCEPTED) || isOutdated(version, issuedAt)) {
            return false;
        }
        known().forEach(SecretVersion::doubt);
        version.accept();
        lost = false;
        return true;
    }

    /** @return whether anything has changed */
    boolean refused(SecretVersion version, long issuedAt) {
        if (isOutdated(version, issuedAt)) {
            return false;
        }
        long now = nanos.getAsLong();
        if (version.is(State.ACCEPTED)) {
            lost = true;
            lostAt = now;
        }
        long millis = pause.apply(Math.min(DOUBLINGS, version.refusals() + 1));
        version.refuse(now, now + Duration.ofMillis(millis).toNanos());
        return true;
    }

    boolean everAccepted() {
        return known().stream().anyMatch(SecretVersion::everAccepted);
    }

    /** What new connections use, trials aside; {@code null} if nothing is known. */
    @Nullable SecretVersion preferred() {
        List<SecretVersion> known = known();
        SecretVersion accepted = first(known, State.ACCEPTED);
        return accepted != null ? accepted : known.isEmpty() ? null : known.get(0);
    }

    /** Until a refused version is tried again, if all are; {@code null} otherwise. */
    @Nullable Duration untilRetry() {
        List<SecretVersion> known = known();
        if (known.isEmpty() || !known.stream().allMatch(version -> version.is(State.REFUSED))) {
            return null;
        }
        long now = nanos.getAsLong();
        long soonest = known.stream()
                .mapToLong(version -> version.retryAt() - now)
                .min()
                .orElse(0);
        if (awaitsRotation()) {
            soonest = Math.max(soonest, rotation.maxWait().toNanos() - (now - lostAt));
        }
        return Duration.ofNanos(Math.max(0, soonest));
    }
}
