package io.ambassador.launcher.config;

import io.ambassador.service.FlapDampingSpec;
import io.ambassador.service.LocalitySpec;
import io.ambassador.spi.Settings;
import org.jspecify.annotations.Nullable;

/** Reads what else decides which endpoints new connections use: {@code locality} and {@code flap-damping} of a service. */
final class SelectionReader {
    private static final String FLAP_DAMPING = "flap-damping";
    private static final int MAX_COUNT = 1_000;

    private SelectionReader() {}

    static @Nullable LocalitySpec locality(Settings block) {
        String zone = block.optionalString("zone");
        Double factor = block.parse(
                "overprovisioning",
                block.has("overprovisioning") ? block.string("overprovisioning") : LocalitySpec.USUAL_OVERPROVISIONING,
                "a factor from 1 to 100",
                text -> new LocalitySpec("any", Double.parseDouble(text)).overprovisioning());
        return zone == null || zone.isEmpty() || factor == null ? null : new LocalitySpec(zone, factor);
    }

    static @Nullable FlapDampingSpec flapDamping(Settings service) {
        Object value = service.get(FLAP_DAMPING);
        if (Boolean.FALSE.equals(value) || "off".equals(value)) {
            return null;
        }
        FlapDampingSpec usual = FlapDampingSpec.DEFAULT;
        Settings block = service.block(FLAP_DAMPING);
        try {
            return new FlapDampingSpec(
                    block.integer("withdrawals", usual.withdrawals(), 1, MAX_COUNT),
                    LimitsReader.positive(block, "hold", usual.hold()),
                    LimitsReader.positive(block, "max-hold", usual.maxHold()),
                    LimitsReader.positive(block, "forget-after", usual.forgetAfter()));
        } catch (IllegalArgumentException e) {
            block.problem("max-hold", String.valueOf(e.getMessage()).replaceFirst("^max-hold: ", ""));
            return null;
        }
    }
}
