package io.ambassador.spi.discovery;

import io.ambassador.spi.PeerText;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;

/** What a source says about a service, whole each time. An error is not an empty answer. */
public sealed interface EndpointState {
    /** The registry answered; the set may be empty. Keeps the order in which it was given, which policies may use. */
    record Known(Set<Endpoint> endpoints) implements EndpointState {
        public Known {
            endpoints = Collections.unmodifiableSet(new LinkedHashSet<>(endpoints));
        }
    }

    /** The registry answered that there is no such service. */
    record Absent(String reason) implements EndpointState {
        public Absent {
            reason = PeerText.escape(reason);
        }
    }

    /** The registry could not be asked; what was known last goes on being used. */
    record Unreachable(DiscoveryException cause) implements EndpointState {}
}
