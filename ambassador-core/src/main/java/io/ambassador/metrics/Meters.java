package io.ambassador.metrics;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.stream.Stream;

/** Every meter of the data plane and the control plane: its name, unit, tags and meaning. */
public enum Meters {
    CONNECTIONS_ACTIVE(
            "ambassador.connections.active", "connections", "Open client connections", "service", "endpoint"),
    CONNECTIONS_OPENED(
            "ambassador.connections.opened",
            "connections",
            "Connections relayed to an endpoint",
            "service",
            "endpoint"),
    CONNECTIONS_CLOSED(
            "ambassador.connections.closed",
            "connections",
            "Client connections ended, by reason",
            "service",
            "endpoint",
            "reason"),
    BYTES("ambassador.bytes", "bytes", "Bytes relayed", "service", "direction"),
    PICK("ambassador.pick", "seconds", "From a client's opening to the first endpoint chosen for it", "service"),
    CONNECT(
            "ambassador.connect",
            "seconds",
            "From the start of an attempt to a connected, encrypted backend",
            "service",
            "endpoint"),
    LOGIN("ambassador.login", "seconds", "From connected to logged in", "service", "endpoint"),
    LOGIN_ATTEMPTS("ambassador.login.attempts", "logins", "Logins tried, for clients and for probes", "service"),
    LOGIN_FAILURES("ambassador.login.failures", "logins", "Logins that failed, by kind", "service", "kind"),
    RETRIES("ambassador.retries", "attempts", "Attempts after the first of their connection", "service"),
    PREWARM_IDLE(
            "ambassador.prewarm.idle",
            "connections",
            "Connections that are logged in and wait for a client",
            "service"),
    PREWARM_CLIENTS(
            "ambassador.prewarm.clients",
            "connections",
            "Clients that such a connection was taken for, or would have been of use to",
            "service",
            "outcome"),
    ENDPOINTS("ambassador.endpoints", "endpoints", "Endpoints by state", "service", "state"),
    ENDPOINT_ROLE("ambassador.endpoint.role", "", "1 for the role an endpoint has", "service", "endpoint", "role"),
    DISCOVERY_STALE(
            "ambassador.discovery.stale",
            "",
            "1 while what is used is older than the source's last error, or came from disk",
            "service",
            "source"),
    DISCOVERY_AGE("ambassador.discovery.age", "seconds", "Since the source last answered", "service", "source"),
    DISCOVERY_CHANGED(
            "ambassador.discovery.changed",
            "seconds",
            "Since the source's endpoints became what they are",
            "service",
            "source"),
    DISCOVERY_FAILED(
            "ambassador.discovery.failed",
            "seconds",
            "Since the source could not be asked, or its answer not be used, last; NaN if it always could",
            "service",
            "source"),
    DISCOVERY_ENDPOINTS(
            "ambassador.discovery.endpoints",
            "endpoints",
            "Endpoints that the source names and its filter admits",
            "service",
            "source"),
    DISCOVERY_STATE(
            "ambassador.discovery.state", "", "1 for the state that the source is in", "service", "source", "state"),
    LOCALITY_SHARE(
            "ambassador.locality.share",
            "",
            "Share of new connections that stay in the own zone, from 0 to 1; where one is configured",
            "service"),
    CREDENTIALS_AGE("ambassador.credentials.age", "seconds", "Since the newest secret was first read", "service"),
    CREDENTIALS_VERSION(
            "ambassador.credentials.version",
            "",
            "Which of the secrets seen since the start new connections use",
            "service"),
    CONFIG_GENERATION("ambassador.config.generation", "", "Which configuration since the start is in force, from 1"),
    CONFIG_CHANGES(
            "ambassador.config.changes", "changes", "Configurations given to it while it runs, by result", "result"),
    LOOP_TASKS("ambassador.loop.tasks", "tasks", "Tasks that wait for an event loop, now", "loop"),
    DIRECT_MEMORY_USED(
            "ambassador.direct.memory.used", "bytes", "Memory taken for the buffers that bytes pass through"),
    DIRECT_MEMORY_MAX("ambassador.direct.memory.max", "bytes", "What those may take at most"),
    BUILD_INFO("ambassador.build.info", "", "1, with the version", "version");

    /** Upper bounds of a histogram's buckets: three a decade, from what loopback takes to what nobody waits for. */
    private static final Duration[] BUCKETS = Stream.of(
                    100L,
                    250L,
                    500L,
                    1_000L,
                    2_500L,
                    5_000L,
                    10_000L,
                    25_000L,
                    50_000L,
                    100_000L,
                    250_000L,
                    500_000L,
                    1_000_000L,
                    2_500_000L,
                    5_000_000L,
                    10_000_000L)
            .map(micros -> Duration.of(micros, ChronoUnit.MICROS))
            .toArray(Duration[]::new);

    private final String meterName;
    private final String unit;
    private final String description;
    private final List<String> tags;

    Meters(String meterName, String unit, String description, String... tags) {
        this.meterName = meterName;
        this.unit = unit;
        this.description = description;
        this.tags = List.of(tags);
    }

    public String meterName() {
        return meterName;
    }

    /** The base unit; empty where there is none. */
    public String unit() {
        return unit;
    }

    public String description() {
        return description;
    }

    public List<String> tags() {
        return tags;
    }

    /** Of those that are histograms of durations. */
    public Duration[] buckets() {
        return BUCKETS.clone();
    }
}
