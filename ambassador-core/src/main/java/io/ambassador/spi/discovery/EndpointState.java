package io.ambassador.spi.discovery;

import io.ambassador.spi.PeerText;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a source says about a service, whole each time. An error is not an empty answer. */
public sealed interface EndpointState {
    /** The registry answered; the set may be empty. Keeps the order in which it was given, which policies may use. */
    record Known(Set<Endpoint> endpoints) implements EndpointState {
        public Known {
            endpoints = Collections.unmodifiableSet(new LinkedHashSet<>(endpoints));
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Known known && endpoints.equals(known.endpoints);
        }

        @Override
        public int hashCode() {
            return endpoints.hashCode();
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
