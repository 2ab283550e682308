package io.ambassador.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.service.LimitsSpec.Rate;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LimitsSpecTest {
    @Test
    void readsRates() {
        assertEquals(new Rate(100, Duration.ofSeconds(1)), Rate.parse("100/s"));
        assertEquals(new Rate(5, Duration.ofMinutes(1)), Rate.parse("5 / m"));
        assertEquals(new Rate(1, Duration.ofHours(1)), Rate.parse("1/h"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "100", "/s", "0/s", "-1/s", "x/s", "1/day", "99999999999/s"})
    void refusesTheRestWithAReason(String text) {
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> Rate.parse(text));
        assertTrue(refused.getMessage().contains("expected: "), refused.getMessage());
    }
}
