package io.ambassador.service;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Bounds of one service.
 *
 * @param maxConnections open at once; more are refused
 * @param connectAttempts over distinct endpoints, at least 1
 * @param connectTimeout of one attempt, TLS included; all attempts together have {@code connectAttempts} times this,
 *     and a login's timeout more
 * @param loginTimeout of one login
 * @param idleTimeout without a byte either way; {@code null} for never
 * @param rate of new connections; {@code null} for any
 * @param retryBudget share of connections that may be tried again, beyond a small reserve
 * @param userTimeout how long sent data may stay unacknowledged, or a silent peer beyond loopback unheard of, before the
 *     connection counts as dead; {@code null} leaves it to the kernel (RFC 5482)
 * @param greetingTimeout of a client's opening, where the protocol has one, and of its TLS
 * @param prewarm connections kept logged in for clients yet to come, over all event loops; 0 for none
 * @param prewarmAge after which such a connection is replaced, a tenth more or less
 */
public record LimitsSpec(
        int maxConnections,
        int connectAttempts,
        Duration connectTimeout,
        Duration loginTimeout,
        @Nullable Duration idleTimeout,
        @Nullable Rate rate,
        double retryBudget,
        @Nullable Duration userTimeout,
        Duration greetingTimeout,
        int prewarm,
        Duration prewarmAge) {
    public static final LimitsSpec DEFAULT = new LimitsSpec(
            10_000, 3, Duration.ofSeconds(1), Duration.ofSeconds(5), null, null, 0.2, Duration.ofSeconds(30));

    /** The others as they are by default. */
    public LimitsSpec(
            int maxConnections,
            int connectAttempts,
            Duration connectTimeout,
            Duration loginTimeout,
            @Nullable Duration idleTimeout,
            @Nullable Rate rate,
            double retryBudget,
            @Nullable Duration userTimeout) {
        this(
                maxConnections,
                connectAttempts,
                connectTimeout,
                loginTimeout,
                idleTimeout,
                rate,
                retryBudget,
                userTimeout,
                Duration.ofSeconds(10),
                0,
                Duration.ofSeconds(60));
    }

    public LimitsSpec withGreetingTimeout(Duration timeout) {
        return new LimitsSpec(
                maxConnections,
                connectAttempts,
                connectTimeout,
                loginTimeout,
                idleTimeout,
                rate,
                retryBudget,
                userTimeout,
                timeout,
                prewarm,
                prewarmAge);
    }

    public LimitsSpec withPrewarm(int connections, Duration age) {
        return new LimitsSpec(
                maxConnections,
                connectAttempts,
                connectTimeout,
                loginTimeout,
                idleTimeout,
                rate,
                retryBudget,
                userTimeout,
                greetingTimeout,
                connections,
                age);
    }

    /** At most {@code permits} in each {@code period}; written {@code 100/s}. */
    public record Rate(int permits, Duration period) {
        /** @throws IllegalArgumentException if {@code text} is not a number, a slash and s, m or h */
        public static Rate parse(String text) {
            int slash = text.indexOf('/');
            String number = slash < 1 ? "" : text.substring(0, slash).trim();
            int permits = number.matches("\\d{1,9}") ? Integer.parseInt(number) : 0;
            if (permits < 1) {
                throw new IllegalArgumentException(text + " (expected: 100/s)");
            }
            return switch (text.substring(slash + 1).trim()) {
                case "s" -> new Rate(permits, Duration.ofSeconds(1));
                case "m" -> new Rate(permits, Duration.ofMinutes(1));
                case "h" -> new Rate(permits, Duration.ofHours(1));
                default -> throw new IllegalArgumentException(text + " (expected: /s, /m or /h)");
            };
        }
    }
}
