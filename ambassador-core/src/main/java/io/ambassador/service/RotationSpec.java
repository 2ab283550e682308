package io.ambassador.service;

import io.ambassador.spi.Configured;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What helps a password change without anyone noticing.
 *
 * @param next where the password that is about to come is kept; {@code null} if nowhere
 * @param keepPrevious how long the one before the last change can still be used; zero to forget it at once
 * @param maxWait how long clients are held when a password that was accepted no longer is, and no other is known; zero to
 *     refuse them
 * @param drainWithin connections logged in with an older password are closed when quiet, and after this long whatever
 *     they do; {@code null} to keep them
 */
public record RotationSpec(
        @Nullable Configured<SecretSourceProvider<?>> next,
        Duration keepPrevious,
        Duration maxWait,
        @Nullable Duration drainWithin) {
    public static final RotationSpec DEFAULT =
            new RotationSpec(null, Duration.ofHours(1), Duration.ofSeconds(10), null);

    public RotationSpec {
        if (keepPrevious.isNegative()) {
            throw new IllegalArgumentException("keepPrevious: " + keepPrevious + " (expected: 0 or more)");
        }
        if (maxWait.isNegative()) {
            throw new IllegalArgumentException("maxWait: " + maxWait + " (expected: 0 or more)");
        }
        if (drainWithin != null && (drainWithin.isZero() || drainWithin.isNegative())) {
            throw new IllegalArgumentException("drainWithin: " + drainWithin + " (expected: more than 0)");
        }
    }
}
