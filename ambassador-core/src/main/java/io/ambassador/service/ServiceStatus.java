package io.ambassador.service;

import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.ServerRole;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A service as it stands, for people and dashboards; free of secrets.
 *
 * @param listening where it is bound
 * @param ready whether there were endpoints at any time, or its start-up deadline has passed
 * @param panic whether so few endpoints are available that all are used
 * @param locality {@code null} where none is configured
 * @param credentials {@code null} where none are configured
 */
public record ServiceStatus(
        String name,
        String protocol,
        String balancing,
        List<SocketAddress> listening,
        boolean ready,
        boolean panic,
        boolean drained,
        long activeConnections,
        long openedConnections,
        long bytesToBackend,
        long bytesToClient,
        List<EndpointStatus> endpoints,
        List<SourceStatus> sources,
        @Nullable LocalityStatus locality,
        @Nullable CredentialStatus credentials) {

    /** Whether new connections may go to an endpoint. */
    public enum Health {
        HEALTHY,
        /** Probes failed. */
        UNHEALTHY,
        /** Ejected for failed connections. */
        EJECTED,
        /** Came and went too often: held out for a while, unless no other is available. */
        DAMPED,
        /** Gone from discovery; its last connections are ending. */
        DRAINING,
        /** An operator has taken it out; open connections may end by themselves. */
        DRAINED
    }

    /**
     * @param latency moving average from connect to ready; {@code null} before the first connection
     * @param heldFor until one that is damped is let in again; {@code null} for any other
     * @param lastError of a probe or connection; {@code null} if the last one went well
     */
    public record EndpointStatus(
            Endpoint endpoint,
            Health health,
            ServerRole role,
            int weight,
            long activeConnections,
            long openedConnections,
            long failures,
            @Nullable Duration latency,
            @Nullable Duration heldFor,
            @Nullable String lastError) {}

    /**
     * @param zone the own one
     * @param share of new connections that stay in it
     */
    public record LocalityStatus(String zone, double share) {}

    /**
     * @param state {@code known}, {@code absent}, {@code unreachable} or {@code waiting}
     * @param selected whether its endpoints are among those in use
     * @param weight its share, relative to the sources it is merged with
     * @param endpoints that it names and its filter admits
     * @param leftOut that it names and its filter does not admit
     * @param age since its last whole answer; {@code null} before the first
     * @param changed since its endpoints became what they are; {@code null} before the first
     * @param failed since it could not be asked, or its answer not be used, last; {@code null} if it always could
     * @param stale whether what is in use is older than its last error, or came from disk
     */
    public record SourceStatus(
            String name,
            String state,
            boolean selected,
            int weight,
            int endpoints,
            int leftOut,
            @Nullable Duration age,
            @Nullable Duration changed,
            @Nullable Duration failed,
            boolean stale,
            @Nullable String lastError) {}

    /** What servers say of the newest secret. */
    public enum CredentialState {
        /** None could be read yet. */
        UNKNOWN,
        /** No login has tried it yet. */
        UNPROVEN,
        ACCEPTED,
        REFUSED,
        /** What was accepted no longer is: clients are held until a newer one is read. */
        AWAITING_ROTATION
    }

    /**
     * @param nextSource of the password that is about to come; {@code null} if none is configured
     * @param version of the newest secret: counts the different ones seen, from 1; 0 before the first
     * @param versionInUse what new connections log in with, which is another while the newest is refused
     * @param age since the newest was first read
     * @param refusedFor since the newest was first refused; {@code null} while it is not
     * @param untilRetry until a refused one is tried again, while all are; {@code null} otherwise
     * @param waiting clients held until there is one to log in with
     * @param previousKept whether the one before the last change is still in memory
     */
    public record CredentialStatus(
            @Nullable String username,
            String source,
            @Nullable String nextSource,
            long version,
            long versionInUse,
            @Nullable Duration age,
            CredentialState state,
            @Nullable Duration refusedFor,
            @Nullable Duration untilRetry,
            int waiting,
            boolean previousKept,
            @Nullable String lastError) {}
}
