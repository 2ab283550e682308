package io.ambassador.testkit;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;

/**
 * Holds what took some time to a limit, on machines that do other things as well: {@code -Dtiming.slack=1} holds it to
 * the limit itself, the default to so many times as much.
 */
public final class Timing {
    private static final double SLACK = Double.parseDouble(System.getProperty("timing.slack", "5"));

    private Timing() {}

    public static void assertWithin(Duration limit, long millis) {
        assertWithin(Duration.ZERO, limit, millis);
    }

    /**
     * @param intended what it takes by configuration, which no machine changes
     * @param late how much later it may be
     */
    public static void assertWithin(Duration intended, Duration late, long millis) {
        long most = intended.toMillis() + (long) (late.toMillis() * SLACK);
        assertTrue(
                millis <= most,
                () -> "took " + millis + " ms (limit " + intended.plus(late).toMillis() + " ms, here " + most + " ms)");
    }
}
