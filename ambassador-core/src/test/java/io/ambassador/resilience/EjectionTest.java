package io.ambassador.resilience;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class EjectionTest {
    private final AtomicInteger changes = new AtomicInteger();
    private final Ejection ejection = Ejection.after("10.0.0.1:1", 3, Duration.ofHours(1), changes::incrementAndGet);

    private void succeed(int times) {
        for (int i = 0; i < times; i++) {
            ejection.succeeded(1);
        }
    }

    private void fail(int times) {
        for (int i = 0; i < times; i++) {
            ejection.failed(1, new IOException("refused"));
        }
    }

    @Test
    void onlyFailuresInARowEject() {
        for (int round = 0; round < 10; round++) {
            fail(2);
            succeed(1 + round);
        }
        assertFalse(ejection.isEjected());

        fail(2);
        assertFalse(ejection.isEjected());
        fail(1);
        assertTrue(ejection.isEjected());
        assertEquals(1, changes.get());
    }

    @Test
    void whatServedWhileEjectedIsBackAndStartsAnew() {
        fail(3);
        succeed(1);
        assertFalse(ejection.isEjected());

        fail(2);
        succeed(5);
        fail(2);
        assertFalse(ejection.isEjected());
    }
}
