package io.ambassador.resilience;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class AdmissionTest {
    @Test
    void letsSoManyInAtOnce() {
        Admission admission = new Admission("test", 2, 0, Duration.ofSeconds(1));

        assertTrue(admission.tryEnter());
        assertTrue(admission.tryEnter());
        assertFalse(admission.tryEnter());
        admission.leave();
        assertTrue(admission.tryEnter());
    }

    @Test
    void letsSoManyInASecond() {
        Admission admission = new Admission("test", 1_000, 3, Duration.ofSeconds(1));
        int admitted = 0;
        for (int i = 0; i < 10; i++) {
            admitted += admission.tryEnter() ? 1 : 0;
        }
        int total = admitted;
        assertTrue(total == 3 || total == 6, () -> total + " admitted: in one period, or across the border of two");
        await().until(admission::tryEnter);
    }
}
