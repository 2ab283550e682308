package io.ambassador.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UnitsTest {
    @Test
    void readsDurations() {
        assertEquals(Duration.ofMillis(250), Units.duration("250"));
        assertEquals(Duration.ofMillis(250), Units.duration("250ms"));
        assertEquals(Duration.ofSeconds(5), Units.duration("5 s"));
        assertEquals(Duration.ofSeconds(90), Units.duration("1.5m"));
        assertEquals(Duration.ofHours(2), Units.duration("2hours"));
        assertEquals(Duration.ofDays(1), Units.duration("1d"));
        assertEquals(Duration.ofNanos(1_500), Units.duration("1.5us"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "s", "-5s", "5 fortnights", "1e3s", "5s5s", "999999999999999999999d", "٥s"})
    void refusesWhatIsNotADuration(String text) {
        assertThrows(IllegalArgumentException.class, () -> Units.duration(text));
    }

    @Test
    void readsSizes() {
        assertEquals(512, Units.bytes("512"));
        assertEquals(65_536, Units.bytes("64KiB"));
        assertEquals(65_536, Units.bytes("64k"));
        assertEquals(1_000_000, Units.bytes("1MB"));
        assertEquals(1_572_864, Units.bytes("1.5 MiB"));
        assertThrows(IllegalArgumentException.class, () -> Units.bytes("1 parsec"));
        assertThrows(IllegalArgumentException.class, () -> Units.bytes("99999999999GiB"));
    }

    @Test
    void readsShares() {
        assertEquals(0.2, Units.share("20%"));
        assertEquals(0.2, Units.share("0.2"));
        assertEquals(1, Units.share("100%"));
        assertThrows(IllegalArgumentException.class, () -> Units.share("101%"));
        assertThrows(IllegalArgumentException.class, () -> Units.share("20"));
        assertThrows(IllegalArgumentException.class, () -> Units.share("0.2s"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"5s", "250ms", "90m", "2h", "0s", "500us", "1500us", "7ns", "1001ms"})
    void formatsWhatItReads(String text) {
        assertEquals(text, Units.format(Units.duration(text)));
    }
}
