package io.ambassador.service;

import io.ambassador.explain.ConnectionRecord;
import io.ambassador.explain.Journal;
import io.ambassador.explain.ServiceJournal;
import io.ambassador.metrics.EndpointMeters;
import io.ambassador.metrics.Meters;
import io.ambassador.relay.ByteCounter;
import io.ambassador.resilience.Admission;
import io.ambassador.resilience.RetryBudget;
import io.ambassador.spi.Configured;
import io.ambassador.spi.LogLimiter;
import io.ambassador.spi.balancing.BalancingPolicy;
import io.ambassador.spi.balancing.BalancingPolicyProvider;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointSourceProvider;
import io.ambassador.spi.protocol.Protocol;
import io.ambassador.spi.protocol.ProtocolProvider;
import io.ambassador.spi.protocol.ServerRole;
import io.ambassador.spi.secret.SecretSource;
import io.ambassador.spi.secret.SecretSourceProvider;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One service at work: its discovery, endpoints, secret and limits. Event loops ask it whether a connection may open
 * and count on it; the control thread keeps it up to date.
 */
public final class Service implements ByteCounter {
    private final ServiceSpec spec;
    private final Logger log;
    private final ServiceJournal journal;
    private final LogLimiter limiter = new LogLimiter();
    private final ScheduledExecutorService control;
    private final ScheduledExecutorService worker;
    private final Executor secretReads;
    private final MeterRegistry registry;
    private final Protocol protocol;
    private final EndpointPool pool;
    private final Discovery discovery;
    private final @Nullable SecretKeeper secrets;
    private final @Nullable SecretKeeper clientSecrets;
    private final ClientCheck clientCheck;
    private final Admission admission;
    private final RetryBudget retries;
    private final EndpointMeters unrouted;
    private final List<Meter> meters = new ArrayList<>();
    private final Map<String, Counter> loginFailures = new ConcurrentHashMap<>();
    private final LongAdder toBackend = new LongAdder();
    private final LongAdder toClient = new LongAdder();
    private final LongAdder opened = new LongAdder();
    private final LongAdder retried = new LongAdder();
    private final LongAdder logins = new LongAdder();
    private final AtomicLong active = new AtomicLong();

    /**
     * @param cacheDirectory {@code null} to keep nothing on disk
     * @param absentHold how long an answer that there is nothing is held before it is believed
     * @param worker for what may block for a moment
     * @param secretReads gives each read of a secret a thread of its own: it may block for long
     */
    public Service(
            ServiceSpec spec,
            ScheduledExecutorService control,
            ScheduledExecutorService worker,
            Executor secretReads,
            MeterRegistry registry,
            @Nullable Path cacheDirectory,
            Duration absentHold,
            Journal journal) {
        this.spec = spec;
        this.control = control;
        this.worker = worker;
        this.secretReads = secretReads;
        this.registry = registry;
        this.journal = new ServiceJournal(journal, spec.name(), spec.accessLog());
        this.log = LoggerFactory.getLogger("ambassador.service." + spec.name());
        this.protocol = protocol(spec.protocol());
        this.pool = new EndpointPool(
                spec,
                policy(spec.balancing()),
                control,
                address -> new EndpointMeters(registry, spec.name(), address),
                this.journal,
                log);
        this.discovery = new Discovery(spec.allow(), pool, log);
        int index = 0;
        for (Configured<EndpointSourceProvider<?>> configured : spec.discovery()) {
            String name = configured.type() + (spec.discovery().size() > 1 ? "[" + index++ + "]" : "");
            discovery.follow(new FollowedSource(
                    name,
                    source(configured, control),
                    cacheDirectory == null
                            ? null
                            : new EndpointCache(
                                    cacheDirectory, spec.name(), configured.type() + " " + configured.config()),
                    absentHold,
                    control,
                    worker,
                    log,
                    this.journal,
                    discovery::refresh));
        }
        Credentials credentials = spec.credentials();
        this.secrets = credentials == null ? null : keeper(credentials);
        ClientCredentials shown = spec.clientCredentials();
        Configured<SecretSourceProvider<?>> wanted = shown.password();
        this.clientSecrets = wanted == null
                ? null
                : new SecretKeeper(
                        null,
                        secret(wanted),
                        null,
                        RotationSpec.DEFAULT,
                        System::nanoTime,
                        () -> {},
                        (kind, version) -> this.journal.tell(kind, "client-credentials", version),
                        log);
        this.clientCheck = new ClientCheck(shown, clientSecrets);
        LimitsSpec limits = spec.limits();
        LimitsSpec.Rate rate = limits.rate();
        this.admission = new Admission(
                spec.name(),
                limits.maxConnections(),
                rate == null ? 0 : rate.permits(),
                rate == null ? Duration.ofSeconds(1) : rate.period());
        this.retries = new RetryBudget(limits.retryBudget());
        this.unrouted = new EndpointMeters(registry, spec.name(), "");
    }

    private SecretKeeper keeper(Credentials credentials) {
        Configured<SecretSourceProvider<?>> next = credentials.rotation().next();
        return new SecretKeeper(
                credentials.username(),
                secret(credentials.password()),
                next == null ? null : secret(next),
                credentials.rotation(),
                System::nanoTime,
                this::rotated,
                (kind, version) -> journal.tell(kind, "credentials", version),
                log);
    }

    /** Connections that began to log in before ask for themselves when they are ready. */
    private void rotated() {
        Credentials credentials = spec.credentials();
        if (credentials != null && credentials.rotation().drainWithin() != null) {
            pool.endpoints().forEach(PooledEndpoint::rotated);
        }
    }

    /** Begins to read the secrets, for {@link #start} to come. */
    public void readSecrets() {
        for (SecretKeeper keeper : new SecretKeeper[] {secrets, clientSecrets}) {
            if (keeper != null) {
                keeper.start(worker, secretReads);
            }
        }
    }

    /** Begins discovery; waits a moment for the secret. */
    public void start() {
        registerMeters();
        if (secrets != null) {
            secrets.awaitFirstRead();
        }
        if (clientSecrets != null) {
            clientSecrets.awaitFirstRead();
        }
        control.execute(discovery::start);
    }

    /** Stops following; on the control thread, after the last connection has ended. */
    public void close() {
        discovery.close();
        pool.close();
        if (secrets != null) {
            secrets.close();
        }
        if (clientSecrets != null) {
            clientSecrets.close();
        }
        meters.forEach(registry::remove);
        loginFailures.values().forEach(registry::remove);
        unrouted.remove();
    }

    public String name() {
        return spec.name();
    }

    public ServiceSpec spec() {
        return spec;
    }

    public Logger log() {
        return log;
    }

    /** Writes at most one line a second for each cause. */
    public void warn(Object cause, String message, Object... arguments) {
        limiter.log(cause, leftOut -> {
            log.warn(message + LogLimiter.more(leftOut), arguments);
        });
    }

    /** Logs an exception that should not be, of a protocol's code perhaps: at most one a second for each message. */
    public void defect(String message, Throwable thrown) {
        limiter.log(message, leftOut -> log.error(message + LogLimiter.more(leftOut), thrown));
    }

    public Protocol protocol() {
        return protocol;
    }

    public EndpointPool pool() {
        return pool;
    }

    public @Nullable SecretKeeper secrets() {
        return secrets;
    }

    /** Judges what clients show of credentials. */
    public ClientCheck clientCheck() {
        return clientCheck;
    }

    public RetryBudget retries() {
        return retries;
    }

    /** Another attempt for one connection. */
    public void retried() {
        retried.increment();
    }

    /** Whether one more client may be served; {@code true} is to be followed by {@link #leave}. */
    public boolean tryEnter() {
        if (!admission.tryEnter()) {
            return false;
        }
        opened.increment();
        active.incrementAndGet();
        return true;
    }

    public void leave() {
        admission.leave(); // first, so that whoever sees one fewer finds the place free
        active.decrementAndGet();
    }

    /**
     * A client's connection has ended, or it was turned away. On its event loop.
     *
     * @param endpoint it was relayed to; {@code null} for none
     */
    public void ended(ConnectionRecord connection, @Nullable PooledEndpoint endpoint) {
        (endpoint == null ? unrouted : endpoint.meters())
                .closed(connection.reason().word());
        journal.ended(connection);
    }

    public ServiceJournal journal() {
        return journal;
    }

    /** Clients now being served. */
    public long active() {
        return active.get();
    }

    /** Whether discovery has answered once. */
    public boolean isReady() {
        return discovery.answered();
    }

    @Override
    public void toBackend(int bytes) {
        toBackend.add(bytes);
    }

    @Override
    public void toClient(int bytes) {
        toClient.add(bytes);
    }

    /** A login is about to be tried, be it a client's or a probe's. */
    public void loginBegins() {
        logins.increment();
    }

    public void loginFailed(String kind) {
        loginFailures
                .computeIfAbsent(
                        kind,
                        word -> Counter.builder(Meters.LOGIN_FAILURES.meterName())
                                .description(Meters.LOGIN_FAILURES.description())
                                .tags("service", spec.name(), "kind", word)
                                .register(registry))
                .increment();
    }

    /** A server said what it is when a client was logged in. Any thread. */
    public void roleSeen(PooledEndpoint endpoint, ServerRole role) {
        if (endpoint.seenRole() != role) {
            Control.schedule(control, log, () -> pool.roleSeen(endpoint, role), Duration.ZERO);
        }
    }

    /** On the control thread. */
    public ServiceStatus status(List<SocketAddress> listening) {
        List<ServiceStatus.EndpointStatus> endpoints = pool.endpoints().stream()
                .map(PooledEndpoint::status)
                .sorted(Comparator.comparing(endpoint -> endpoint.endpoint().address()))
                .toList();
        return new ServiceStatus(
                spec.name(),
                spec.protocol().type(),
                spec.balancing().type(),
                listening,
                isReady(),
                pool.snapshot().panic(),
                active.get(),
                opened.sum(),
                toBackend.sum(),
                toClient.sum(),
                endpoints,
                discovery.status(),
                secrets == null ? null : secrets.status());
    }

    private void registerMeters() {
        Tags tags = Tags.of("service", spec.name());
        counter(Meters.BYTES, tags.and("direction", "to-backend"), toBackend);
        counter(Meters.BYTES, tags.and("direction", "to-client"), toClient);
        counter(Meters.RETRIES, tags, retried);
        counter(Meters.LOGIN_ATTEMPTS, tags, logins);
        for (ServiceStatus.Health state : ServiceStatus.Health.values()) {
            gauge(
                    Meters.ENDPOINTS,
                    tags.and("state", state.name().toLowerCase(Locale.ROOT)),
                    () -> pool.endpoints().stream()
                            .filter(endpoint -> endpoint.status().health() == state)
                            .count());
        }
        SecretKeeper keeper = secrets;
        if (keeper != null) {
            gauge(Meters.CREDENTIALS_AGE, tags, () -> {
                Duration age = keeper.status().age();
                return age == null ? Double.NaN : age.toMillis() / 1000.0;
            });
            gauge(Meters.CREDENTIALS_VERSION, tags, keeper::preferredVersion);
        }
        for (FollowedSource source : discovery.sources()) {
            Tags named = tags.and("source", source.name());
            gauge(Meters.DISCOVERY_STALE, named, () -> source.stale() ? 1 : 0);
            gauge(Meters.DISCOVERY_AGE, named, () -> {
                Duration age = source.age();
                return age == null ? Double.NaN : age.toMillis() / 1000.0;
            });
        }
    }

    private void counter(Meters meter, Tags tags, LongAdder adder) {
        meters.add(FunctionCounter.builder(meter.meterName(), adder, LongAdder::sum)
                .description(meter.description())
                .tags(tags)
                .register(registry));
    }

    private void gauge(Meters meter, Tags tags, Supplier<Number> value) {
        meters.add(Gauge.builder(meter.meterName(), value)
                .description(meter.description())
                .tags(tags)
                .register(registry));
    }

    // A provider's own config is the only one it is ever paired with, which the compiler cannot see.

    @SuppressWarnings("unchecked")
    private static Protocol protocol(Configured<ProtocolProvider<?>> configured) {
        return ((ProtocolProvider<Record>) configured.provider()).create(configured.config());
    }

    @SuppressWarnings("unchecked")
    private static BalancingPolicy policy(Configured<BalancingPolicyProvider<?>> configured) {
        return ((BalancingPolicyProvider<Record>) configured.provider()).create(configured.config());
    }

    @SuppressWarnings("unchecked")
    private static EndpointSource source(
            Configured<EndpointSourceProvider<?>> configured, ScheduledExecutorService control) {
        return ((EndpointSourceProvider<Record>) configured.provider()).create(configured.config(), control);
    }

    @SuppressWarnings("unchecked")
    private static SecretSource secret(Configured<SecretSourceProvider<?>> configured) {
        return ((SecretSourceProvider<Record>) configured.provider()).create(configured.config());
    }
}
