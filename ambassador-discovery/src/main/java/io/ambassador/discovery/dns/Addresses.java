package io.ambassador.discovery.dns;

import io.ambassador.spi.discovery.DiscoveryException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a host name stands for.
 *
 * @param outcome of the look-up as a whole
 * @param found addresses in their one spelling; after a failure those known before, which may serve beside others
 * @param problem why a part or all of it could not be asked for
 */
record Addresses(
        Outcome outcome,
        List<String> found,
        long ttlSeconds,
        @Nullable DiscoveryException problem) {
    enum Outcome {
        FOUND,
        NONE,
        NO_SUCH_NAME,
        FAILED
    }

    Addresses {
        found = List.copyOf(found);
    }

    static Addresses found(List<String> addresses, long ttlSeconds) {
        return new Addresses(Outcome.FOUND, addresses, ttlSeconds, null);
    }
}
