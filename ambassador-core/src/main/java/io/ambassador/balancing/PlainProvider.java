package io.ambassador.balancing;

import io.ambassador.spi.Settings;
import io.ambassador.spi.balancing.BalancingPolicy;
import io.ambassador.spi.balancing.BalancingPolicyProvider;
import java.util.function.Supplier;

/** Provides a policy that needs no settings. */
abstract class PlainProvider implements BalancingPolicyProvider<NoSettings> {
    private final String type;
    private final Supplier<BalancingPolicy> policies;

    PlainProvider(String type, Supplier<BalancingPolicy> policies) {
        this.type = type;
        this.policies = policies;
    }

    @Override
    public final String type() {
        return type;
    }

    @Override
    public final NoSettings parse(Settings settings) {
        return new NoSettings();
    }

    @Override
    public final BalancingPolicy create(NoSettings config) {
        return policies.get();
    }
}
