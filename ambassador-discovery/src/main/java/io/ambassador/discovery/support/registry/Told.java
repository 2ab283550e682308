package io.ambassador.discovery.support.registry;

import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.spi.discovery.DiscoveryException;
import java.util.List;

/** What a registry says about a service, whole each time; hosts may still be names. */
public sealed interface Told {
    /** These are registered, which may be none. */
    record Entries(List<EndpointEntry> entries) implements Told {
        public Entries {
            entries = List.copyOf(entries);
        }
    }

    /** There is no such service. */
    record Absent(String reason) implements Told {}

    /** The registry could not be asked, or its answer not be understood. */
    record Unreachable(DiscoveryException cause) implements Told {}
}
