package io.ambassador.launcher.demo;

import java.io.IOException;
import java.time.Duration;
import java.util.Locale;

/** One promise that the tour checks. */
interface Step {
    String name();

    /**
     * Makes something happen and checks what comes of it.
     *
     * @return what was seen, in figures
     * @throws Broken if the promise was not kept; so does any failure to reach a server that should serve
     */
    String run() throws Broken, IOException, InterruptedException;

    /** A promise was not kept; the message says which. */
    final class Broken extends Exception {
        private static final long serialVersionUID = 1L;

        Broken(String message) {
            super(message, null, false, false);
        }
    }

    static void require(boolean kept, String otherwise) throws Broken {
        if (!kept) {
            throw new Broken(otherwise);
        }
    }

    /** {@code 1.2 s}. */
    static String seconds(Duration time) {
        return String.format(Locale.ROOT, "%.1f s", time.toMillis() / 1_000.0);
    }
}
