package io.ambassador.service;

import io.ambassador.explain.ConnectionRecord;
import io.ambassador.explain.EndReason;
import io.ambassador.explain.EventKind;
import io.ambassador.explain.ServiceJournal;
import io.ambassador.metrics.MeterGroup;
import io.ambassador.metrics.Meters;
import io.ambassador.relay.ByteCounter;
import io.ambassador.resilience.Admission;
import io.ambassador.resilience.RetryBudget;
import io.ambassador.spi.Configured;
import io.ambassador.spi.LogLimiter;
import io.ambassador.spi.balancing.BalancingPolicy;
import io.ambassador.spi.balancing.BalancingPolicyProvider;
import io.ambassador.spi.protocol.Protocol;
import io.ambassador.spi.protocol.ProtocolProvider;
import io.ambassador.spi.protocol.ServerRole;
import io.ambassador.spi.secret.SecretSource;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * One description of a service at work: its discovery, secrets and limits. When the description changes, another one
 * takes over: the endpoints with their connections, the counts, and whatever else is described as before. Connections
 * keep to the one that admitted them. Event loops ask it whether a connection may open and count on it; the control
 * thread keeps it up to date.
 */
public final class Service implements ByteCounter {
    private final ServiceSpec spec;
    private final ServiceEnvironment environment;
    private final ServiceState state;
    private final boolean sameProbes;
    private final BalancingPolicy policy;
    private final Protocol protocol;
    private final Discovery discovery;
    private final ServiceSecrets secrets;
    private final ClientCheck clientCheck;
    private final Admission admission;
    private final RetryBudget retries;
    private final MeterGroup meters;
    private final ServiceJournal journal;
    private final boolean newDiscovery;
    private final boolean newSecrets;
    private volatile boolean ended;

    /** Nothing runs before {@link #begin}. */
    public Service(ServiceSpec spec, ServiceEnvironment environment) {
        this(spec, environment, null);
    }

    /** @param old keeps what is new here from being made again; {@code null} for none */
    private Service(ServiceSpec spec, ServiceEnvironment environment, @Nullable Service old) {
        Service running = old == null || old.ended ? null : old;
        this.spec = spec;
        this.environment = environment;
        this.meters = new MeterGroup(environment.registry(), "service", spec.name());
        this.sameProbes = running != null && sameProbes(running.spec, spec);
        this.policy = running != null && running.spec.balancing().equals(spec.balancing())
                ? running.policy
                : policy(spec.balancing());
        this.protocol = running != null && running.spec.protocol().equals(spec.protocol())
                ? running.protocol
                : protocol(spec.protocol());
        this.state = old == null ? new ServiceState(spec, policy, environment) : old.state;
        this.journal = state.journal.with(spec.accessLog());
        this.newDiscovery = running == null || !sameDiscovery(running.spec, spec);
        this.discovery = running == null || newDiscovery
                ? new Discovery(spec, state.pool, old != null, environment, state.log, state.journal)
                : running.discovery;
        this.newSecrets = running == null || !sameSecrets(running.spec, spec);
        this.secrets = running == null || newSecrets ? secrets(running) : running.secrets;
        this.clientCheck = new ClientCheck(spec.clientCredentials(), secrets.clients());
        LimitsSpec limits = spec.limits();
        LimitsSpec.Rate rate = limits.rate();
        int permits = rate == null ? 0 : rate.permits();
        Duration period = rate == null ? Duration.ofSeconds(1) : rate.period();
        this.admission = old == null
                ? new Admission(spec.name(), limits.maxConnections(), permits, period)
                : old.admission.successor(spec.name(), limits.maxConnections(), permits, period);
        this.retries = running != null && running.spec.limits().retryBudget() == limits.retryBudget()
                ? running.retries
                : new RetryBudget(limits.retryBudget());
    }

    /** The same service by another description, which takes over with {@link #begin}. */
    public Service successor(ServiceSpec newer) {
        return new Service(newer, environment, this);
    }

    private static boolean sameDiscovery(ServiceSpec one, ServiceSpec other) {
        return one.discovery().equals(other.discovery())
                && one.allow().endpoints().equals(other.allow().endpoints());
    }

    private static boolean sameSecrets(ServiceSpec one, ServiceSpec other) {
        return Objects.equals(one.credentials(), other.credentials())
                && one.clientCredentials().equals(other.clientCredentials());
    }

    private static boolean sameProbes(ServiceSpec one, ServiceSpec other) {
        return one.protocol().equals(other.protocol())
                && one.role() == other.role()
                && Objects.equals(one.health().probe(), other.health().probe())
                && Objects.equals(one.tls(), other.tls())
                && sameSecrets(one, other);
    }

    private ServiceSecrets secrets(@Nullable Service running) {
        Credentials credentials = spec.credentials();
        boolean same = running != null && Objects.equals(running.spec.credentials(), credentials);
        SecretKeeper own =
                running != null && same ? running.secrets.own() : credentials == null ? null : keeper(credentials);
        boolean sameShown = running != null && running.spec.clientCredentials().equals(spec.clientCredentials());
        SecretKeeper clients = running != null && sameShown ? running.secrets.clients() : clientKeeper();
        return new ServiceSecrets(own, clients, running == null ? null : running.secrets);
    }

    private @Nullable SecretKeeper clientKeeper() {
        Configured<SecretSourceProvider<?>> shown = spec.clientCredentials().password();
        return shown == null
                ? null
                : new SecretKeeper(
                        null,
                        secret(shown),
                        null,
                        RotationSpec.DEFAULT,
                        System::nanoTime,
                        new AtomicLong(),
                        () -> {},
                        (kind, version) -> state.journal.tell(kind, "client-credentials", version),
                        state.log);
    }

    private SecretKeeper keeper(Credentials credentials) {
        Configured<SecretSourceProvider<?>> next = credentials.rotation().next();
        return new SecretKeeper(
                credentials.username(),
                secret(credentials.password()),
                next == null ? null : secret(next),
                credentials.rotation(),
                System::nanoTime,
                state.secretVersions,
                credentials.rotation().drainWithin() == null ? () -> {} : state.connections::rotated,
                (kind, version) -> state.journal.tell(kind, "credentials", version),
                state.log);
    }

    /** Begins to read the secrets, unless they were read before. */
    public void readSecrets() {
        if (newSecrets) {
            secrets.start(environment);
        }
    }

    /**
     * Waits for the secrets' first reads.
     *
     * @return what could not be read, by key, and why; not who asks, which is said already
     */
    public List<String> awaitSecrets(Duration patience) {
        return secrets.awaitFirstReads(patience).stream()
                .map(problem -> "services." + name() + "." + problem)
                .toList();
    }

    /** Takes over: discovery begins, or goes on. Control thread; {@link #end} of the one before follows. */
    public void begin(@Nullable Service old) {
        if (old == null) {
            state.registerMeters();
        } else {
            old.meters.remove();
            state.pool.follow(spec, policy, sameProbes);
        }
        state.secrets(secrets.own());
        registerMeters();
        if (newDiscovery) {
            if (old != null) {
                discovery.takeOver(old.discovery);
            }
            discovery.start();
        }
    }

    /**
     * Stops following: another has taken over, or nobody will. Connections go on. Control thread.
     *
     * @param by {@code null} for nobody
     */
    public void end(@Nullable Service by) {
        ended = true;
        if (by == null || by.discovery != discovery) {
            discovery.close();
        }
        if (by == null || by.secrets != secrets) {
            secrets.retire(by == null ? null : by.secrets, environment, state.log);
        }
        if (by == null) {
            meters.remove();
            state.drained(false); // of one that comes back nobody has said so
        }
    }

    /** Whether {@link #cut} has been called. */
    public boolean isShutDown() {
        return state.connections.isCut();
    }

    /** Nothing is left of a service that has ended. Control thread, after its last connection. */
    public void close() {
        secrets.close();
        state.close();
    }

    /** What was made for this one alone is let go: it will never begin. */
    public void abandon() {
        if (newSecrets) {
            secrets.close();
        }
    }

    /** Whether another has taken over, or nobody will. */
    public boolean hasEnded() {
        return ended;
    }

    public String name() {
        return spec.name();
    }

    public ServiceSpec spec() {
        return spec;
    }

    public Logger log() {
        return state.log;
    }

    /** Writes at most one line a second for each cause. */
    public void warn(Object cause, String message, Object... arguments) {
        state.limiter.log(cause, leftOut -> {
            state.log.warn(message + LogLimiter.more(leftOut), arguments);
        });
    }

    /** Logs an exception that should not be, of a protocol's code perhaps: at most one a second for each message. */
    public void defect(String message, Throwable thrown) {
        state.limiter.log(message, leftOut -> state.log.error(message + LogLimiter.more(leftOut), thrown));
    }

    public Protocol protocol() {
        return protocol;
    }

    public EndpointPool pool() {
        return state.pool;
    }

    public @Nullable SecretKeeper secrets() {
        return secrets.own();
    }

    /** Whether a server has accepted any secret that this service ever had. */
    public boolean hasLoggedIn() {
        return state.hasLoggedIn();
    }

    /**
     * How soon a connection that logged in with version {@code version} of these secrets is to end, since those in force
     * by now are others that a server accepts; {@code null} to keep it.
     */
    public @Nullable Duration drainWithin(long version) {
        SecretKeeper own = secrets.own();
        SecretKeeper inForce = state.secrets();
        if (own == null || inForce == null || version == 0) {
            return null;
        }
        boolean outdated = own == inForce ? own.isOutdated(version) : inForce.isSettled();
        return outdated ? inForce.drainWithin() : null;
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
        state.retried.increment();
    }

    /** A client is about to be served by this description; {@link #release} follows, when that is over. */
    public void retain() {
        secrets.retain();
    }

    public void release() {
        secrets.release();
    }

    /** Whether one more client may be served; {@code true} is followed by {@link #entered} or {@link #leave}. */
    public boolean tryEnter() {
        if (!admission.tryEnter()) {
            return false;
        }
        state.opened.increment();
        return true;
    }

    /** Which limit keeps clients out now: its key. */
    public String limit() {
        boolean full = spec.limits().rate() == null
                || admission.open() >= spec.limits().maxConnections();
        return full ? "limits.max-connections" : "limits.rate";
    }

    /** It is not served after all. */
    public void leave() {
        admission.leave();
    }

    /** The client is being served; {@link #left} follows. */
    public void entered(OpenConnection connection) {
        state.connections.add(connection);
    }

    public void left(OpenConnection connection) {
        state.connections.remove(connection);
        admission.leave();
    }

    /** Ends the connections that have an endpoint. Any thread. */
    public void endRelayed(EndReason reason) {
        state.connections.endRelayed(reason);
    }

    /** The ambassador stops: ends every connection, however far it has got, and those that come yet. Any thread. */
    public void cut() {
        state.connections.cut();
    }

    /** Connections that {@link #cut} has ended so far. */
    public long cutConnections() {
        return state.cut.sum();
    }

    /**
     * A client's connection has ended, or it was turned away. On its event loop.
     *
     * @param endpoint it was relayed to; {@code null} for none
     */
    public void ended(ConnectionRecord connection, @Nullable PooledEndpoint endpoint) {
        // A removed endpoint's meters go with it, mostly before anybody has read them.
        (endpoint == null || endpoint.isRemoved() ? state.unrouted() : endpoint.meters())
                .closed(connection.reason().word());
        if (connection.reason() == EndReason.SHUTDOWN) {
            state.cut.increment();
        }
        journal.ended(connection);
    }

    public ServiceJournal journal() {
        return journal;
    }

    /** Clients now being served, whichever description admitted them. */
    public long active() {
        return admission.open();
    }

    /** Whether an operator has its listeners closed. */
    public boolean isDrained() {
        return state.isDrained();
    }

    /** Notes that its listeners are closed, or open again. */
    public void drained(boolean taken) {
        state.drained(taken);
        state.journal.tell(taken ? EventKind.SERVICE_DRAINED : EventKind.SERVICE_UNDRAINED, "", "");
        state.log.info(taken ? "drained" : "no longer drained");
    }

    /**
     * Keeps new connections from one endpoint, or no longer. Control thread.
     *
     * @return whether it is known
     */
    public boolean drainEndpoint(String address, boolean taken) {
        return state.pool.drain(address, taken);
    }

    /** Whether there were endpoints to use at any time, or its start-up deadline has passed. */
    public boolean isReady() {
        Duration deadline = spec.startupDeadline();
        return state.pool.wasFilled() || deadline != null && System.nanoTime() - state.began() >= deadline.toNanos();
    }

    @Override
    public void toBackend(int bytes) {
        state.toBackend.add(bytes);
    }

    @Override
    public void toClient(int bytes) {
        state.toClient.add(bytes);
    }

    /** A login is about to be tried, be it a client's or a probe's. */
    public void loginBegins() {
        state.logins.increment();
    }

    /** How long it took to choose the first endpoint for a client. */
    public void picked(long nanos) {
        state.picked(nanos);
    }

    public void loginFailed(String kind) {
        state.loginFailed(kind);
    }

    /** A server said what it is when a client was logged in. Any thread. */
    public void roleSeen(PooledEndpoint endpoint, ServerRole role) {
        if (endpoint.seenRole() != role) {
            Control.schedule(
                    environment.control(), state.log, () -> state.pool.roleSeen(endpoint, role), Duration.ZERO);
        }
    }

    /** On the control thread. */
    public ServiceStatus status(List<SocketAddress> listening) {
        List<ServiceStatus.EndpointStatus> endpoints = state.pool.endpoints().stream()
                .map(PooledEndpoint::status)
                .sorted(Comparator.comparing(endpoint -> endpoint.endpoint().address()))
                .toList();
        SecretKeeper keeper = secrets.own();
        LocalitySpec locality = spec.locality();
        return new ServiceStatus(
                spec.name(),
                spec.protocol().type(),
                spec.balancing().type(),
                listening,
                isReady(),
                state.pool.snapshot().panic(),
                isDrained(),
                active(),
                state.opened.sum(),
                state.toBackend.sum(),
                state.toClient.sum(),
                endpoints,
                discovery.status(),
                locality == null ? null : new ServiceStatus.LocalityStatus(locality.zone(), state.pool.localShare()),
                keeper == null ? null : keeper.status());
    }

    private void registerMeters() {
        SecretKeeper keeper = secrets.own();
        if (keeper != null) {
            meters.gauge(Meters.CREDENTIALS_AGE, () -> seconds(keeper.status().age()));
            meters.gauge(Meters.CREDENTIALS_VERSION, keeper::preferredVersion);
        }
        if (spec.locality() != null) {
            meters.gauge(Meters.LOCALITY_SHARE, state.pool::localShare);
        }
        discovery.register(meters);
    }

    private static double seconds(@Nullable Duration duration) {
        return duration == null ? Double.NaN : duration.toNanos() / 1e9;
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
    private static SecretSource secret(Configured<SecretSourceProvider<?>> configured) {
        return ((SecretSourceProvider<Record>) configured.provider()).create(configured.config());
    }
}
