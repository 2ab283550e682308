package io.ambassador;

import io.ambassador.explain.EndReason;
import io.ambassador.explain.Phase;
import io.ambassador.service.ServiceStatus.SourceStatus;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.ServerRole;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was found when a service was tried out; free of secrets.
 *
 * @param sources what each source of endpoints said
 * @param resolved how long that took
 * @param problem of the service as a whole: it cannot be set up, has no endpoint, or none of the wanted role;
 *     {@code null} for none
 * @param unchecked endpoints that were not tried, beyond the first {@link #MOST_ENDPOINTS}
 */
public record ServiceReport(
        String name,
        String protocol,
        List<SourceStatus> sources,
        Duration resolved,
        @Nullable String problem,
        List<EndpointReport> endpoints,
        int unchecked) {
    public static final int MOST_ENDPOINTS = 20;

    /**
     * @param took each step's duration, up to the one that failed
     * @param failure {@code null} for none
     * @param detail what went wrong, or what the endpoint said of itself
     */
    public record EndpointReport(
            Endpoint endpoint,
            ServerRole role,
            boolean loggedIn,
            Map<Phase, Duration> took,
            @Nullable EndReason failure,
            String detail) {}

    /** Whether clients can be served by every endpoint that was tried. */
    public boolean isWell() {
        return problem == null && endpoints.stream().allMatch(endpoint -> endpoint.failure() == null);
    }
}
