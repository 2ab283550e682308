package io.ambassador.spi;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogLimiterTest {
    private final List<Long> lines = new ArrayList<>();

    @Test
    void logsOneLineASecondForEachCauseAndCountsTheRest() {
        LogLimiter limiter = new LogLimiter();
        for (int i = 0; i < 100; i++) {
            limiter.log("cause", lines::add);
        }
        assertEquals(List.of(0L), lines);
        limiter.log("another cause", lines::add);
        assertEquals(List.of(0L, 0L), lines);
        lines.clear();
        await().until(() -> {
            limiter.log("cause", lines::add);
            return !lines.isEmpty();
        });
        assertEquals(1, lines.size());
        assertEquals(" (" + lines.get(0) + " more like this)", LogLimiter.more(lines.get(0)));
    }

    @Test
    void someMayFollowOneAnotherAfterAPause() {
        LogLimiter limiter = new LogLimiter(5);
        long began = System.nanoTime();
        for (int i = 0; i < 1_000; i++) {
            limiter.log("cause", lines::add);
        }
        long seconds = (System.nanoTime() - began) / 1_000_000_000;

        assertEquals(5 + seconds, lines.size());
        assertEquals("", LogLimiter.more(lines.get(0)));
    }
}
