package io.ambassador.service;

import io.ambassador.metrics.EndpointMeters;
import io.ambassador.resilience.Ejection;
import io.ambassador.spi.balancing.Candidate;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.ProbeResult;
import io.ambassador.spi.protocol.ServerRole;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * One endpoint of a service with what is known of it. Health, role and membership change on the control thread;
 * connections count themselves from event loops.
 */
public final class PooledEndpoint implements Candidate {
    /** How fast a latency that is no longer measured fades. */
    private static final double DECAY_NANOS = 10e9;

    private record Latency(double nanos, long at) {
        double decayedTo(long now) {
            return at == 0 ? 0 : nanos * Math.exp(-(now - at) / DECAY_NANOS);
        }
    }

    private volatile Ejection ejection;
    private final EndpointMeters meters;
    private final AtomicInteger active = new AtomicInteger();
    private final LongAdder opened = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private volatile Latency latency = new Latency(0, 0);
    private volatile Endpoint endpoint;
    private volatile int weight;
    private volatile boolean watched;
    private volatile boolean healthy = true;
    private volatile boolean removed;
    private volatile boolean drained;
    private volatile long dampedUntil;
    private volatile ServerRole seenRole = ServerRole.UNKNOWN;
    private volatile ServerRole role = ServerRole.UNKNOWN;
    private volatile @Nullable String lastError;
    private int failedProbes;
    private int passedProbes;
    private boolean probed;
    private boolean doubted;
    private boolean answered;
    private boolean awaitsProbe;
    private boolean disputed;
    private boolean roleWatched;
    private long availableSince;
    private boolean wasAvailable;

    PooledEndpoint(Endpoint endpoint, Ejection ejection, EndpointMeters meters) {
        this.endpoint = endpoint;
        this.weight = Math.max(1, endpoint.weight());
        this.ejection = ejection;
        this.meters = meters;
    }

    @Override
    public Endpoint endpoint() {
        return endpoint;
    }

    @Override
    public int weight() {
        return weight;
    }

    @Override
    public int activeConnections() {
        return active.get();
    }

    @Override
    public double latencyNanos() {
        return latency.decayedTo(System.nanoTime());
    }

    /** Healthy and not ejected: what panic is judged by. */
    public boolean isAvailable() {
        return healthy && !ejection.isEjected();
    }

    /** Available, and not on trial after an ejection either. */
    public boolean isWell() {
        return healthy && ejection.isTrusted();
    }

    public Ejection ejection() {
        return ejection;
    }

    public EndpointMeters meters() {
        return meters;
    }

    /** What it counts as. */
    public ServerRole role() {
        return role;
    }

    /** What it said last that it is. */
    public ServerRole seenRole() {
        return seenRole;
    }

    /** An attempt begins; {@link #attemptFailed} or {@link #closed} follows. */
    public void attemptBegins() {
        active.incrementAndGet();
        if (!watched) {
            watched = true;
            meters.watch(this, active::get, self -> self.opened.sum());
        }
    }

    public void attemptFailed(String error) {
        active.decrementAndGet();
        failures.increment();
        lastError = error;
    }

    /** The attempt was given up for a reason that is not the endpoint's. */
    public void attemptAbandoned() {
        active.decrementAndGet();
    }

    /**
     * The attempt gave a connection that waits for its client.
     *
     * @param nanos from the start of the attempt to ready
     */
    public void warmed(long nanos) {
        active.decrementAndGet();
        lastError = null;
        measured(nanos);
    }

    /** @param nanos from the start of the attempt to ready; 0 if the connection was there before its client */
    public void opened(long nanos) {
        opened.increment();
        lastError = null;
        measured(nanos);
    }

    public void closed() {
        active.decrementAndGet();
    }

    /**
     * Rises at once to a peak and falls slowly, since a slow answer must count before an average would have caught
     * up. Two at the same moment may lose one: the next one makes up for it.
     */
    private void measured(long nanos) {
        long now = System.nanoTime();
        latency = new Latency(Math.max((double) nanos, latency.decayedTo(now)), now);
    }

    // From here on: control thread only.

    /** @return whether health or role changed, or were told for the first time */
    boolean probed(ProbeResult result, int unhealthyAfter, int healthyAfter) {
        boolean first = !isProbed();
        boolean wasHealthy = healthy;
        boolean firstAnswer = !answered && result.healthy();
        ServerRole oldRole = seenRole;
        if (result.healthy()) {
            doubted = false;
            failedProbes = 0;
            passedProbes++;
            answered = true;
            seenRole = result.role();
            if (!healthy && passedProbes >= healthyAfter) {
                healthy = true;
            }
            if (healthy) {
                lastError = null;
                ejection.readmit();
            }
        } else {
            passedProbes = 0;
            failedProbes++;
            lastError = result.detail();
            // One that has never answered has nothing to lose: waiting would only cost its first clients.
            if (failedProbes >= (probed ? unhealthyAfter : 1)) {
                healthy = false;
            }
        }
        probed = true;
        awaitsProbe = false;
        return first || firstAnswer || wasHealthy != healthy || oldRole != seenRole;
    }

    /** @return whether it was something else */
    boolean roleSeen(ServerRole seen) {
        boolean changed = seenRole != seen;
        seenRole = seen;
        return changed;
    }

    /** What its source says that it is. */
    ServerRole toldRole() {
        return switch (endpoint.metadata().getOrDefault(Endpoint.ROLE, "")) {
            case "primary" -> ServerRole.PRIMARY;
            case "replica" -> ServerRole.REPLICA;
            default -> ServerRole.UNKNOWN;
        };
    }

    /** Whether it has passed a probe, or nobody probes it. */
    boolean hasAnswered() {
        return answered;
    }

    void neverProbed() {
        answered = true;
    }

    void settle(ServerRole counted, boolean otherwiseSaid) {
        role = counted;
        if (counted != ServerRole.UNKNOWN && !roleWatched) {
            roleWatched = true;
            for (ServerRole each : ServerRole.values()) {
                meters.watchRole(each.name().toLowerCase(Locale.ROOT), () -> role == each);
            }
        }
        disputed = otherwiseSaid;
    }

    /** Whether its own word and what it counts as, or what its source says, are two things. */
    public boolean isDisputed() {
        return disputed;
    }

    /** Whether it has been probed since its source said what its role is. */
    boolean isProbed() {
        return probed && !awaitsProbe;
    }

    /** Whether probes ask in another way than before, and none has succeeded since: the fault may be in the asking. */
    boolean isDoubted() {
        return doubted;
    }

    /** What probes found counts until they have found something else; without probes there is nothing to find. */
    void probesChange(boolean anyToCome) {
        probed = false;
        doubted = true;
        failedProbes = 0;
        passedProbes = 0;
        healthy |= !anyToCome;
        answered |= !anyToCome;
    }

    void ejection(Ejection fresh) {
        ejection = fresh;
    }

    boolean isHealthy() {
        return healthy;
    }

    boolean isRemoved() {
        return removed;
    }

    /** Whether an operator keeps new connections from it. */
    boolean isDrained() {
        return drained;
    }

    void drained(boolean taken) {
        drained = taken;
    }

    /** Whether it is held out since it came and went too often. */
    boolean isDamped() {
        return dampedUntil != 0;
    }

    void damp(Duration hold) {
        long until = System.nanoTime() + hold.toNanos();
        dampedUntil = until == 0 ? 1 : until;
    }

    void undamp() {
        dampedUntil = 0;
    }

    /** In {@link System#nanoTime}; 0 for not at all. */
    long dampedUntil() {
        return dampedUntil;
    }

    private @Nullable Duration heldFor() {
        long until = dampedUntil;
        return until == 0 ? null : Duration.ofNanos(Math.max(0, until - System.nanoTime()));
    }

    void removed(boolean gone) {
        removed = gone;
    }

    /** @return whether its source now says that it has another role */
    boolean update(Endpoint newer) {
        ServerRole before = toldRole();
        endpoint = newer;
        boolean roleTold = toldRole() != before;
        awaitsProbe |= roleTold;
        return roleTold;
    }

    void weight(int inForce) {
        weight = inForce;
    }

    /** Since when this endpoint has been available without a break, in {@link System#nanoTime}. */
    long availableSince() {
        boolean available = isAvailable();
        if (available && !wasAvailable) {
            availableSince = System.nanoTime();
        }
        wasAvailable = available;
        return availableSince;
    }

    ServiceStatus.Health health() {
        return removed
                ? ServiceStatus.Health.DRAINING
                : drained
                        ? ServiceStatus.Health.DRAINED
                        : !healthy
                                ? ServiceStatus.Health.UNHEALTHY
                                : ejection.isEjected()
                                        ? ServiceStatus.Health.EJECTED
                                        : isDamped() ? ServiceStatus.Health.DAMPED : ServiceStatus.Health.HEALTHY;
    }

    ServiceStatus.EndpointStatus status() {
        double nanos = latencyNanos();
        return new ServiceStatus.EndpointStatus(
                endpoint,
                health(),
                role,
                weight,
                active.get(),
                opened.sum(),
                failures.sum(),
                nanos == 0 ? null : Duration.ofNanos((long) nanos),
                heldFor(),
                lastError);
    }
}
