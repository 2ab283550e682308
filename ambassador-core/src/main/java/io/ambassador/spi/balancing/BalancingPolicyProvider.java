package io.ambassador.spi.balancing;

import io.ambassador.spi.Provider;

/** Provides a policy: {@code balancing = least-connections}, or {@code balancing { type = …, … }} with settings. */
public interface BalancingPolicyProvider<C extends Record> extends Provider<C> {
    BalancingPolicy create(C config);
}
