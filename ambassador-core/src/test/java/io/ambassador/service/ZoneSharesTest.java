package io.ambassador.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ZoneSharesTest {
    @ParameterizedTest
    @CsvSource({
        // available of 100 here, available of 100 elsewhere, per cent that stay
        "100, 100, 100",
        "72, 72, 100",
        "71, 71, 99",
        "50, 50, 70",
        "50, 100, 70",
        "25, 100, 35",
        "25, 25, 50",
        "25, 20, 56",
        "10, 0, 100",
        "0, 100, 0",
        "0, 0, 0"
    })
    void sharesAreThoseOfPriorityLevelsInEnvoy(int here, int elsewhere, int stay) {
        assertEquals(
                stay,
                Math.round(100 * ZoneShares.of(here, 100, elsewhere, 100, 1.4).local()));
    }

    @Test
    void aZoneWithoutEndpointsCarriesNothing() {
        assertEquals(0, ZoneShares.of(0, 0, 3, 3, 1.4).local());
        assertEquals(1, ZoneShares.of(3, 3, 0, 0, 1.4).local());
        assertEquals(1, ZoneShares.of(1, 3, 0, 5, 1.4).local());
    }

    /** Fills the own zone up to what it can carry, then the others, and both beyond that alike. */
    @Test
    void sharesAreThoseOfAnOracle() {
        Random random = new Random(1);
        for (int i = 0; i < 10_000; i++) {
            int locals = random.nextInt(20);
            int others = random.nextInt(20);
            int localAvailable = locals == 0 ? 0 : random.nextInt(locals + 1);
            int otherAvailable = others == 0 ? 0 : random.nextInt(others + 1);
            double factor = 1 + random.nextDouble() * 2;
            double here = locals == 0 ? 0 : Math.min(1, factor * localAvailable / locals);
            double there = others == 0 ? 0 : Math.min(1, factor * otherAvailable / others);
            double local = Math.min(1, here);
            double rest = Math.min(there, 1 - local);
            double expected = local + rest == 0 ? 0 : local / (local + rest);

            ZoneShares shares = ZoneShares.of(localAvailable, locals, otherAvailable, others, factor);

            assertEquals(expected, shares.local(), 1e-9);
            assertTrue(shares.others() >= 0);
        }
    }
}
