package io.ambassador.launcher.config;

import io.ambassador.service.Catalog;
import io.ambassador.service.HealthSpec;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Settings;
import io.ambassador.spi.protocol.ProbeProvider;
import io.ambassador.spi.protocol.ProtocolProvider;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads {@code health} of a service. */
final class HealthReader {
    private static final int MAX_COUNT = 1_000;

    private final Settings health;
    private final Catalog catalog;

    HealthReader(Settings health, Catalog catalog) {
        this.health = health;
        this.catalog = catalog;
    }

    /** @param protocol {@code null} if it is wrong */
    HealthSpec read(@Nullable Configured<ProtocolProvider<?>> protocol) {
        HealthSpec usual = HealthSpec.DEFAULT;
        Duration slowStart = health.durationOrOff("slow-start", usual.slowStart());
        return new HealthSpec(
                probe(protocol == null ? "tcp" : protocol.type()),
                LimitsReader.positive(health, "interval", usual.interval()),
                LimitsReader.positive(health, "timeout", usual.timeout()),
                health.integer("unhealthy-after", usual.unhealthyAfter(), 1, MAX_COUNT),
                health.integer("healthy-after", usual.healthyAfter(), 1, MAX_COUNT),
                health.share("panic-threshold", usual.panicThreshold()),
                slowStart == null ? Duration.ZERO : slowStart,
                outlier());
    }

    private @Nullable Configured<ProbeProvider<?>> probe(String protocol) {
        String usual = catalog.probes().find(protocol) == null ? "tcp" : protocol;
        String word = health.string("probe", usual);
        if (word.equals("off") || word.equals("false")) {
            return null;
        }
        ProbeProvider<?> provider = ServiceReader.find(health, "probe", word, catalog.probes(), Set.of());
        return provider == null ? null : Configured.parse(provider, health.block(word));
    }

    private HealthSpec.@Nullable Outlier outlier() {
        Object value = health.get("outlier");
        if (Boolean.FALSE.equals(value) || "off".equals(value)) {
            return null;
        }
        HealthSpec.Outlier usual = HealthSpec.Outlier.DEFAULT;
        Settings block = health.block("outlier");
        return new HealthSpec.Outlier(
                block.integer("consecutive-failures", usual.consecutiveFailures(), 1, MAX_COUNT),
                LimitsReader.positive(block, "eject-for", usual.ejectFor()),
                block.share("max-ejected", usual.maxEjected()));
    }
}
