package io.ambassador.service;

import io.ambassador.explain.ServiceJournal;
import io.ambassador.metrics.EndpointMeters;
import io.ambassador.metrics.MeterGroup;
import io.ambassador.metrics.Meters;
import io.ambassador.spi.LogLimiter;
import io.ambassador.spi.balancing.BalancingPolicy;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a service keeps however often its description changes: its endpoints with their connections, its counts and
 * their meters.
 */
final class ServiceState {
    final Logger log;
    final LogLimiter limiter = new LogLimiter();
    final ServiceJournal journal;
    final OpenConnections connections = new OpenConnections();
    final EndpointPool pool;
    final LongAdder toBackend = new LongAdder();
    final LongAdder toClient = new LongAdder();
    final LongAdder opened = new LongAdder();
    final LongAdder retried = new LongAdder();
    final LongAdder logins = new LongAdder();
    final LongAdder cut = new LongAdder();

    /** How many different secrets were seen: what is derived from one is kept by its number. */
    final AtomicLong secretVersions = new AtomicLong();

    private final String name;
    private final MeterRegistry registry;
    private final MeterGroup meters;
    private volatile @Nullable SecretKeeper secrets;
    private @Nullable EndpointMeters unrouted;
    private final long began = System.nanoTime();
    private volatile boolean drained;
    private volatile boolean loggedIn;

    ServiceState(ServiceSpec spec, BalancingPolicy policy, ServiceEnvironment environment) {
        this.name = spec.name();
        this.registry = environment.registry();
        this.meters = new MeterGroup(registry, "service", name);
        this.journal = new ServiceJournal(environment.journal(), name, spec.accessLog());
        this.log = LoggerFactory.getLogger("ambassador.service." + name);
        this.pool = new EndpointPool(
                spec,
                policy,
                environment.control(),
                address -> new EndpointMeters(registry, name, address),
                connections,
                journal,
                log);
    }

    /** Those of the description in force, which new connections log in with. */
    @Nullable SecretKeeper secrets() {
        return secrets;
    }

    void secrets(@Nullable SecretKeeper inForce) {
        SecretKeeper before = secrets;
        loggedIn |= before != null && before.wasAccepted();
        secrets = inForce;
    }

    /** In {@link System#nanoTime}. */
    long began() {
        return began;
    }

    /** Whether an operator has its listeners closed. */
    boolean isDrained() {
        return drained;
    }

    void drained(boolean taken) {
        drained = taken;
    }

    /** Whether a server has accepted any secret that this service ever had. */
    boolean hasLoggedIn() {
        SecretKeeper now = secrets;
        return loggedIn || (now != null && now.wasAccepted());
    }

    /** Meters of connections that reached no endpoint. */
    EndpointMeters unrouted() {
        return Objects.requireNonNull(unrouted, "not begun");
    }

    void loginFailed(String kind) {
        meters.count(Meters.LOGIN_FAILURES, kind);
    }

    void picked(long nanos) {
        meters.record(Meters.PICK, nanos);
    }

    /** Before the first client comes. */
    void registerMeters() {
        unrouted = new EndpointMeters(registry, name, "");
        meters.counter(Meters.BYTES, toBackend, LongAdder::sum, "direction", "to-backend");
        meters.counter(Meters.BYTES, toClient, LongAdder::sum, "direction", "to-client");
        meters.counter(Meters.RETRIES, retried, LongAdder::sum);
        meters.counter(Meters.LOGIN_ATTEMPTS, logins, LongAdder::sum);
        for (ServiceStatus.Health health : ServiceStatus.Health.values()) {
            meters.gauge(
                    Meters.ENDPOINTS,
                    () -> pool.endpoints().stream()
                            .filter(endpoint -> endpoint.health() == health)
                            .count(),
                    "state",
                    health.name().toLowerCase(Locale.ROOT));
        }
    }

    /** Control thread, after the last connection has ended. */
    void close() {
        pool.close();
        meters.remove();
        if (unrouted != null) {
            unrouted.remove();
        }
    }
}
