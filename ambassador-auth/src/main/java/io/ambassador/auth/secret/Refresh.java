package io.ambassador.auth.secret;

import io.ambassador.spi.Settings;
import java.time.Duration;

/** How often a store is looked at. */
final class Refresh {
    /** For what cannot change while the process lives. */
    static final Duration NEVER = Duration.ofDays(365);

    private static final String KEY = "refresh";
    private static final Duration MIN = Duration.ofMillis(100);

    private Refresh() {}

    static Duration parse(Settings settings, Duration fallback) {
        Duration refresh = settings.duration(KEY, fallback);
        if (refresh.compareTo(MIN) < 0) {
            settings.problem(KEY, "is too short (expected at least 100ms)");
        }
        return refresh;
    }
}
