package io.ambassador.service;

import io.ambassador.explain.ServiceJournal;
import io.ambassador.metrics.EndpointMeters;
import io.ambassador.metrics.Meters;
import io.ambassador.spi.LogLimiter;
import io.ambassador.spi.balancing.BalancingPolicy;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
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
    private final List<Meter> meters = new ArrayList<>();
    private final Map<String, Counter> loginFailures = new ConcurrentHashMap<>();
    private volatile @Nullable SecretKeeper secrets;
    private @Nullable EndpointMeters unrouted;
    private final long began = System.nanoTime();
    private volatile boolean drained;
    private volatile boolean loggedIn;
    private volatile boolean closed;

    ServiceState(ServiceSpec spec, BalancingPolicy policy, ServiceEnvironment environment) {
        this.name = spec.name();
        this.registry = environment.registry();
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
        Counter counter = loginFailures.computeIfAbsent(
                kind,
                word -> Counter.builder(Meters.LOGIN_FAILURES.meterName())
                        .description(Meters.LOGIN_FAILURES.description())
                        .tags("service", name, "kind", word)
                        .register(registry));
        counter.increment();
        if (closed) {
            registry.remove(counter);
        }
    }

    /** Before the first client comes. */
    void registerMeters() {
        unrouted = new EndpointMeters(registry, name, "");
        Tags tags = Tags.of("service", name);
        counter(Meters.BYTES, tags.and("direction", "to-backend"), toBackend);
        counter(Meters.BYTES, tags.and("direction", "to-client"), toClient);
        counter(Meters.RETRIES, tags, retried);
        counter(Meters.LOGIN_ATTEMPTS, tags, logins);
        for (ServiceStatus.Health state : ServiceStatus.Health.values()) {
            meters.add(Gauge.builder(
                            Meters.ENDPOINTS.meterName(),
                            () -> pool.endpoints().stream()
                                    .filter(endpoint -> endpoint.status().health() == state)
                                    .count())
                    .description(Meters.ENDPOINTS.description())
                    .tags(tags.and("state", state.name().toLowerCase(Locale.ROOT)))
                    .register(registry));
        }
    }

    private void counter(Meters meter, Tags tags, LongAdder adder) {
        meters.add(FunctionCounter.builder(meter.meterName(), adder, LongAdder::sum)
                .description(meter.description())
                .tags(tags)
                .register(registry));
    }

    /** Control thread, after the last connection has ended. */
    void close() {
        closed = true;
        pool.close();
        meters.forEach(registry::remove);
        loginFailures.values().forEach(registry::remove);
        if (unrouted != null) {
            unrouted.remove();
        }
    }
}
