package io.ambassador.discovery.support;

import io.ambassador.spi.discovery.DiscoveryException;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.spi.discovery.EndpointState.Absent;
import io.ambassador.spi.discovery.EndpointState.Unreachable;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What one look-up found.
 *
 * @param goodFor when to ask again; {@code null} means only when told to. Not used with {@link Unreachable}, where the
 *     back-off decides
 */
public record Answer(EndpointState state, @Nullable Duration goodFor) {
    public static Answer known(EndpointState state, @Nullable Duration goodFor) {
        return new Answer(state, goodFor);
    }

    public static Answer absent(String reason, @Nullable Duration goodFor) {
        return new Answer(new Absent(reason), goodFor);
    }

    public static Answer unreachable(DiscoveryException cause) {
        return new Answer(new Unreachable(cause), null);
    }
}
