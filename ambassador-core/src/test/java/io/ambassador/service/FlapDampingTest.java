package io.ambassador.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlapDampingTest {
    private static final FlapDampingSpec USUAL = FlapDampingSpec.DEFAULT;

    /** Near the end of the range, as {@link System#nanoTime} may be. */
    private long now = Long.MAX_VALUE - Duration.ofSeconds(30).toNanos();

    private final FlapDamping damping = new FlapDamping(() -> now);

    @Test
    void holdsOutFromTheFifthWithdrawalOnTwiceAsLongEachTimeUpToAMinute() {
        List<Long> holds = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            flap("a", Duration.ofSeconds(20));
            holds.add(damping.hold("a", USUAL).toSeconds());
        }

        assertEquals(List.of(0L, 0L, 0L, 0L, 5L, 10L, 20L, 40L, 60L, 60L, 60L, 60L), holds);
        assertEquals(Duration.ZERO, damping.hold("b", USUAL), "another has nothing to do with it");
    }

    @Test
    void forgetsAfterAQuietTime() {
        for (int i = 0; i < 9; i++) {
            flap("a", Duration.ofSeconds(1));
        }
        assertEquals(60, damping.hold("a", USUAL).toSeconds());

        pass(USUAL.forgetAfter().minusSeconds(1).minusNanos(1));
        assertEquals(60, damping.hold("a", USUAL).toSeconds());
        pass(Duration.ofNanos(1));
        assertEquals(Duration.ZERO, damping.hold("a", USUAL));
        flap("a", Duration.ZERO);
        assertEquals(1, damping.count("a", USUAL));
    }

    @Test
    void changesOfEveryDayAreNeverHeldBack() {
        for (int day = 0; day < 100; day++) {
            for (int restart = 0; restart < USUAL.withdrawals() - 1; restart++) {
                flap("a", Duration.ofSeconds(3));
                assertEquals(Duration.ZERO, damping.hold("a", USUAL));
            }
            pass(USUAL.forgetAfter());
        }
        for (int i = 0; i < 1_000; i++) {
            flap("b", USUAL.forgetAfter());
            assertEquals(Duration.ZERO, damping.hold("b", USUAL), "however long one goes on, if slowly");
        }
    }

    /** Against an oracle that keeps every withdrawal. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void holdsGrowAreBoundedAndEnd(long seed) {
        Random random = new Random(seed);
        FlapDampingSpec spec = new FlapDampingSpec(
                1 + random.nextInt(6),
                Duration.ofMillis(1 + random.nextInt(10_000)),
                Duration.ofSeconds(10 + random.nextInt(100)),
                Duration.ofSeconds(1 + random.nextInt(200)));
        Map<String, List<Long>> all = new HashMap<>();
        for (int i = 0; i < 5_000; i++) {
            String address = "10.0.0." + random.nextInt(8);
            pass(Duration.ofMillis(random.nextInt(10) == 0 ? random.nextInt(300_000) : random.nextInt(2_000)));
            Duration before = damping.hold(address, spec);
            if (random.nextInt(3) > 0) {
                damping.withdrawn(address, spec);
                all.computeIfAbsent(address, key -> new ArrayList<>()).add(now);
                assertTrue(damping.hold(address, spec).compareTo(before) >= 0, "one more never shortens it");
            }
            assertEquals(expected(all.getOrDefault(address, List.of()), spec), damping.hold(address, spec));
            assertTrue(damping.hold(address, spec).compareTo(spec.maxHold()) <= 0);
        }
        pass(spec.forgetAfter());
        all.keySet().forEach(address -> assertEquals(Duration.ZERO, damping.hold(address, spec)));
    }

    private Duration expected(List<Long> withdrawals, FlapDampingSpec spec) {
        int row = 0;
        long later = now;
        for (int i = withdrawals.size() - 1;
                i >= 0 && later - withdrawals.get(i) < spec.forgetAfter().toNanos();
                i--) {
            later = withdrawals.get(i);
            row++;
        }
        if (row < spec.withdrawals()) {
            return Duration.ZERO;
        }
        double nanos = spec.hold().toNanos() * Math.pow(2, row - spec.withdrawals());
        return nanos >= spec.maxHold().toNanos() ? spec.maxHold() : Duration.ofNanos((long) nanos);
    }

    @Test
    void remembersNoMoreAddressesThanCount() {
        for (int i = 0; i < 100_000; i++) {
            flap("10." + i, Duration.ofNanos(1));
        }
        assertEquals(10_000, damping.remembered());
        assertEquals(1, damping.count("10.99999", USUAL));
        assertEquals(0, damping.count("10.1", USUAL));

        pass(USUAL.forgetAfter());
        flap("x", Duration.ZERO);
        assertEquals(1, damping.remembered());
    }

    @Test
    void theBoundIsNotBelowTheFirstHold() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new FlapDampingSpec(5, Duration.ofSeconds(2), Duration.ofSeconds(1), Duration.ofSeconds(9)));
    }

    private void flap(String address, Duration then) {
        damping.withdrawn(address, USUAL);
        pass(then);
    }

    private void pass(Duration time) {
        now += time.toNanos();
    }
}
