package io.ambassador.launcher.config;

import io.ambassador.service.LimitsSpec;
import io.ambassador.spi.Settings;
import io.ambassador.spi.Units;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Reads {@code limits} of a service. */
final class LimitsReader {
    private LimitsReader() {}

    static LimitsSpec read(Settings limits) {
        LimitsSpec usual = LimitsSpec.DEFAULT;
        return new LimitsSpec(
                limits.integer("max-connections", usual.maxConnections(), 1, 1_000_000),
                limits.integer("connect-attempts", usual.connectAttempts(), 1, 100),
                positive(limits, "connect-timeout", usual.connectTimeout()),
                positive(limits, "login-timeout", usual.loginTimeout()),
                positiveOrOff(limits, "idle-timeout", usual.idleTimeout()),
                rate(limits),
                limits.share("retry-budget", usual.retryBudget()),
                positiveOrOff(limits, "user-timeout", usual.userTimeout()),
                positive(limits, "greeting-timeout", usual.greetingTimeout()),
                limits.integer("prewarm", usual.prewarm(), 0, 10_000),
                positive(limits, "prewarm-age", usual.prewarmAge()));
    }

    /** A duration of at least a millisecond, which is as fine as timers are. */
    static Duration positive(Settings settings, String key, Duration usual) {
        Duration duration = settings.duration(key, usual);
        if (duration.toMillis() < 1) {
            settings.problem(key, Units.format(duration) + " is too short. Give at least 1ms");
        }
        return duration;
    }

    private static @Nullable Duration positiveOrOff(Settings settings, String key, @Nullable Duration usual) {
        Duration duration = settings.durationOrOff(key, usual);
        if (duration != null && duration.toMillis() < 1) {
            settings.problem(key, Units.format(duration) + " is too short. Give at least 1ms, or off");
        }
        return duration;
    }

    private static LimitsSpec.@Nullable Rate rate(Settings limits) {
        Object value = limits.get("rate");
        if (value == null || value.equals(false) || value.equals("off")) {
            return null;
        }
        return limits.parse("rate", value, "a rate such as 100/s, or off", LimitsSpec.Rate::parse);
    }
}
