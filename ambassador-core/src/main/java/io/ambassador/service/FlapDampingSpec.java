package io.ambassador.service;

import java.time.Duration;

/**
 * Holds out endpoints that come and go over and over.
 *
 * @param withdrawals of one endpoint, each less than {@code forgetAfter} after the one before, from which on it is held
 *     out when it comes back
 * @param hold for how long then; twice as long with each further withdrawal
 * @param maxHold at most
 * @param forgetAfter without a withdrawal, after which an endpoint's earlier ones no longer count
 */
public record FlapDampingSpec(int withdrawals, Duration hold, Duration maxHold, Duration forgetAfter) {
    public static final FlapDampingSpec DEFAULT =
            new FlapDampingSpec(5, Duration.ofSeconds(5), Duration.ofMinutes(1), Duration.ofMinutes(2));

    public FlapDampingSpec {
        if (maxHold.compareTo(hold) < 0) {
            throw new IllegalArgumentException("max-hold: is less than hold (expected: at least that)");
        }
    }
}
