package io.ambassador.service;

import io.ambassador.explain.EndReason;
import io.ambassador.explain.EventKind;
import io.ambassador.explain.ServiceJournal;
import io.ambassador.metrics.EndpointMeters;
import io.ambassador.resilience.Ejection;
import io.ambassador.spi.LogLimiter;
import io.ambassador.spi.balancing.BalancingPolicy;
import io.ambassador.spi.balancing.Picker;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.ProbeResult;
import io.ambassador.spi.protocol.ServerRole;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * The endpoints of one service. Lives on the control thread, takes in what discovery, probes and ejection say, and
 * publishes a {@link PoolSnapshot} that event loops read without a lock.
 */
public final class EndpointPool {
    /** Hears of endpoints that come and go; control thread. */
    public interface Observer {
        /** Hears nothing. */
        Observer NONE = new Observer() {
            @Override
            public void added(PooledEndpoint endpoint) {}

            @Override
            public void removed(PooledEndpoint endpoint) {}
        };

        void added(PooledEndpoint endpoint);

        void removed(PooledEndpoint endpoint);

        /** Its source says that it has another role now. */
        default void roleTold(PooledEndpoint endpoint) {}
    }

    private static final Duration RAMP_STEP = Duration.ofSeconds(1);
    private static final int LINES_AT_ONCE = 20;

    private ServiceSpec spec;
    private BalancingPolicy policy;
    private final ScheduledExecutorService control;
    private final Function<String, EndpointMeters> meters;
    private final OpenConnections connections;
    private final ServiceJournal journal;
    private final Logger log;
    private final LogLimiter limiter = new LogLimiter(LINES_AT_ONCE);
    private final Roles roles;
    private final SelectionNews news;
    private final FlapDamper damper;
    private final Map<String, PooledEndpoint> members = new LinkedHashMap<>();
    private final Set<String> drained = new HashSet<>();
    private final Set<String> ejected = new HashSet<>();
    private final List<PooledEndpoint> leaving = new ArrayList<>();
    private volatile List<PooledEndpoint> visible = List.of();
    private volatile PoolSnapshot snapshot;
    private volatile Selection selection = Selection.NONE;
    private volatile boolean filled;
    private String absence = "discovery has not answered yet";
    private Observer observer = Observer.NONE;
    private @Nullable ScheduledFuture<?> ramp;

    EndpointPool(
            ServiceSpec spec,
            BalancingPolicy policy,
            ScheduledExecutorService control,
            Function<String, EndpointMeters> meters,
            OpenConnections connections,
            ServiceJournal journal,
            Logger log) {
        this.spec = spec;
        this.policy = policy;
        this.control = control;
        this.meters = meters;
        this.connections = connections;
        this.journal = journal;
        this.log = log;
        this.roles = new Roles(journal, log);
        this.news = new SelectionNews(journal, log, limiter);
        this.damper = new FlapDamper(journal, log, limiter);
        Picker none = policy.picker(List.of());
        this.snapshot = new PoolSnapshot(none, none, 0, false, false, Set.of(), absence);
    }

    /** What new connections use now. Any thread. */
    public PoolSnapshot snapshot() {
        return snapshot;
    }

    /** The share of new connections that stay in the own zone. Any thread. */
    double localShare() {
        return selection.localShare();
    }

    /** Whether there was an endpoint to use at any time. Any thread. */
    boolean wasFilled() {
        return filled;
    }

    /** Members and those whose last connections are ending. Any thread. */
    public Collection<PooledEndpoint> endpoints() {
        return visible;
    }

    /** The one at this address, be it a member or on its way out. Any thread. */
    public @Nullable PooledEndpoint find(String address) {
        for (PooledEndpoint endpoint : visible) {
            if (endpoint.endpoint().address().equals(address)) {
                return endpoint;
            }
        }
        return null;
    }

    /**
     * Keeps new connections from an endpoint, whatever discovery says of it from now on, or no longer. Open ones stay.
     * Control thread.
     *
     * @return whether such an endpoint is known, or was taken out
     */
    boolean drain(String address, boolean taken) {
        PooledEndpoint member = members.get(address);
        if (member == null && !(drained.contains(address) && !taken)) {
            return false;
        }
        if (taken ? drained.add(address) : drained.remove(address)) {
            log.info(taken ? "{} is drained" : "{} is no longer drained", address);
            journal.tell(taken ? EventKind.ENDPOINT_DRAINED : EventKind.ENDPOINT_UNDRAINED, address, "");
        }
        if (member != null) {
            member.drained(taken);
            refresh();
        }
        return true;
    }

    /** Lets {@code newObserver} take over: for the one before everybody goes, for the new one they come. Control thread. */
    public void observe(Observer newObserver) {
        members.values().forEach(observer::removed);
        observer = newObserver;
        members.values().forEach(observer::added);
    }

    /**
     * Goes by another description from now on. Control thread.
     *
     * @param sameProbes whether what probes found of the endpoints is still what they would find
     */
    void follow(ServiceSpec newSpec, BalancingPolicy newPolicy, boolean sameProbes) {
        boolean sameEjection =
                Objects.equals(newSpec.health().outlier(), spec.health().outlier());
        spec = newSpec;
        policy = newPolicy;
        for (PooledEndpoint member : visible) {
            if (!sameEjection) {
                member.ejection(ejection(member.endpoint()));
                ejected.remove(member.endpoint().address());
            }
            if (!sameProbes) {
                member.probesChange(newSpec.health().probe() != null);
            }
            if (newSpec.flapDamping() == null) {
                damper.release(member);
            }
        }
        refresh();
    }

    /** Whether what {@link #replace} is given may be old, since its source cannot be asked. */
    void stale(boolean old) {
        roles.stale(old);
    }

    /**
     * Replaces the members.
     *
     * @param why there are none, if there are none
     */
    void replace(Collection<Endpoint> wanted, String why) {
        absence = why;
        Map<String, Endpoint> byAddress = new LinkedHashMap<>();
        for (Endpoint endpoint : wanted) {
            byAddress.putIfAbsent(endpoint.address(), endpoint);
        }
        List<PooledEndpoint> gone = new ArrayList<>(members.values());
        gone.removeIf(member -> byAddress.containsKey(member.endpoint().address()));
        int come = byAddress.size() - (members.size() - gone.size());
        boolean many = come + gone.size() > LINES_AT_ONCE;
        if (many) {
            info("{} endpoints added, {} removed", come, gone.size());
            journal.tell(EventKind.ENDPOINTS_CHANGED, "", come + " added, " + gone.size() + " removed");
        }
        gone.forEach(member -> remove(member, many));
        for (Map.Entry<String, Endpoint> entry : byAddress.entrySet()) {
            PooledEndpoint member = members.get(entry.getKey());
            if (member == null) {
                add(entry.getValue(), many);
            } else {
                boolean drains =
                        entry.getValue().weight() == 0 && member.endpoint().weight() > 0;
                if (member.update(entry.getValue())) {
                    observer.roleTold(member);
                }
                if (drains) {
                    act(member, spec.onChange().removed(), EndReason.REMOVED);
                }
            }
        }
        orderAs(byAddress.keySet());
        settleRoles();
        refresh();
    }

    /** Policies see the members in the order of the source. */
    private void orderAs(Set<String> addresses) {
        Map<String, PooledEndpoint> unordered = new HashMap<>(members);
        members.clear();
        for (String address : addresses) {
            PooledEndpoint member = unordered.get(address);
            if (member != null) {
                members.put(address, member);
            }
        }
    }

    /** Takes in a probe's answer. Control thread. */
    public void probed(PooledEndpoint member, ProbeResult result) {
        boolean wasHealthy = member.isHealthy();
        if (!member.probed(result, spec.health().unhealthyAfter(), spec.health().healthyAfter())) {
            return;
        }
        if (wasHealthy && !member.isHealthy()) {
            warn("{} is unhealthy: {}", member.endpoint().address(), result.detail());
            journal.tell(EventKind.ENDPOINT_UNHEALTHY, member.endpoint().address(), result.detail());
            if (!member.isDoubted()) { // else open connections need not share its trouble
                act(member, spec.onChange().unhealthy(), EndReason.UNHEALTHY);
            }
        } else if (!wasHealthy && member.isHealthy()) {
            info("{} is healthy again", member.endpoint().address());
            journal.tell(EventKind.ENDPOINT_HEALTHY, member.endpoint().address(), "");
        }
        settleRoles();
        refresh();
    }

    /** Takes in what a server said it is when a client was logged in. Control thread. */
    void roleSeen(PooledEndpoint member, ServerRole role) {
        if (member.roleSeen(role)) {
            settleRoles();
            refresh();
        }
    }

    private void settleRoles() {
        List<PooledEndpoint> wanted = new ArrayList<>(members.values());
        wanted.removeIf(member -> !spec.role().wants(member.role()));
        roles.settle(members.values());
        for (PooledEndpoint member : wanted) {
            if (!spec.role().wants(member.role())) {
                warn("{} is now {}, wanted: {}", member.endpoint().address(), member.role(), spec.role());
                act(member, spec.onChange().demoted(), EndReason.DEMOTED);
            }
        }
    }

    /** Ends what is left and forgets the members. Control thread. */
    void close() {
        if (ramp != null) {
            ramp.cancel(false);
        }
        for (PooledEndpoint member : members.values()) {
            observer.removed(member);
            member.meters().remove();
        }
        leaving.forEach(member -> member.meters().remove());
    }

    private void add(Endpoint endpoint, boolean oneOfMany) {
        PooledEndpoint returning = null;
        for (PooledEndpoint member : leaving) {
            if (member.endpoint().address().equals(endpoint.address())) {
                returning = member;
            }
        }
        if (returning != null) {
            leaving.remove(returning);
            returning.removed(false);
            returning.update(endpoint);
        } else {
            returning = new PooledEndpoint(endpoint, ejection(endpoint), meters.apply(endpoint.address()));
            if (spec.health().probe() == null) {
                returning.neverProbed();
            }
        }
        returning.drained(drained.contains(endpoint.address()));
        members.put(endpoint.address(), returning);
        if (oneOfMany) {
            log.debug("{} added", endpoint);
        } else {
            info("{} added", endpoint);
            journal.tell(EventKind.ENDPOINT_ADDED, endpoint.address(), "");
        }
        observer.added(returning);
        Duration hold = damper.added(returning, spec.flapDamping(), oneOfMany);
        if (!hold.isZero()) {
            holdOut(returning, hold);
        }
    }

    private void holdOut(PooledEndpoint member, Duration hold) {
        long until = member.dampedUntil();
        later(
                () -> {
                    if (member.dampedUntil() == until && !member.isRemoved()) {
                        damper.release(member);
                        refresh();
                    }
                },
                hold);
    }

    private void remove(PooledEndpoint member, boolean oneOfMany) {
        members.remove(member.endpoint().address());
        member.removed(true);
        leaving.add(member);
        ejected.remove(member.endpoint().address());
        damper.removed(member, spec.flapDamping());
        if (oneOfMany) {
            log.debug("{} removed", member.endpoint().address());
        } else {
            String open = "connections: " + connections.at(member);
            info("{} removed, {}", member.endpoint().address(), open);
            journal.tell(EventKind.ENDPOINT_REMOVED, member.endpoint().address(), open);
        }
        observer.removed(member);
        act(member, spec.onChange().removed(), EndReason.REMOVED);
        forgetWhenUnused(member);
    }

    private void forgetWhenUnused(PooledEndpoint member) {
        if (!member.isRemoved()) {
            return;
        }
        if (isForgotten(member)) {
            leaving.remove(member);
            member.meters().remove();
            publishVisible();
        } else {
            later(() -> forgetWhenUnused(member), Duration.ofSeconds(1));
        }
    }

    private static boolean isForgotten(PooledEndpoint member) {
        return member.isRemoved() && member.activeConnections() == 0;
    }

    private void act(PooledEndpoint member, OnChangeSpec.Action action, EndReason reason) {
        switch (action) {
            case CLOSE -> connections.end(member, reason);
            case DRAIN -> {
                if (!isForgotten(member)) { // else there is nothing to end, and a timer would keep it in memory
                    later(() -> endUnlessBack(member, reason), spec.onChange().drainTimeout());
                }
            }
            case KEEP -> {}
        }
    }

    private void endUnlessBack(PooledEndpoint member, EndReason reason) {
        boolean back = switch (reason) {
            case UNHEALTHY -> member.isHealthy();
            case DEMOTED -> spec.role().wants(member.role());
            default -> !member.isRemoved() && member.endpoint().weight() > 0;
        };
        if (!back) {
            connections.end(member, reason);
        }
    }

    private Ejection ejection(Endpoint endpoint) {
        HealthSpec.Outlier outlier = spec.health().outlier();
        if (outlier == null) {
            return Ejection.never();
        }
        return Ejection.after(
                endpoint.address(),
                outlier.consecutiveFailures(),
                outlier.ejectFor(),
                () -> later(() -> ejectionChanged(endpoint.address(), outlier.ejectFor()), Duration.ZERO));
    }

    private void ejectionChanged(String address, Duration ejectFor) {
        PooledEndpoint member = members.get(address);
        if (member != null && member.ejection().isEjected()) {
            String why = String.valueOf(member.status().lastError());
            warn("{} is ejected after failed connections: {}", address, why);
            journal.tell(EventKind.ENDPOINT_EJECTED, address, why);
            ejected.add(address);
            later(member.ejection()::allowTrial, ejectFor);
        } else if (member != null && member.ejection().isTrusted() && ejected.remove(address)) {
            journal.tell(EventKind.ENDPOINT_READMITTED, address, "");
        }
        refresh();
    }

    private void refresh() {
        Selection before = selection;
        Selection now = Selection.of(spec, members.values());
        Picker picker = now.picker(policy);
        selection = now;
        snapshot = new PoolSnapshot(
                picker,
                now.retryPicker(policy, picker),
                now.used().size(),
                now.panic(),
                isSettled(),
                Set.copyOf(now.used()),
                reasonForNone(now.wanted()));
        filled |= !now.used().isEmpty();
        news.tell(before, now, spec.locality());
        publishVisible();
        if (now.rising() && ramp == null) {
            ramp = later(
                    () -> {
                        ramp = null;
                        refresh();
                    },
                    RAMP_STEP);
        }
    }

    private boolean isSettled() {
        return spec.role() == Role.ANY
                || spec.health().probe() == null
                || members.values().stream().allMatch(PooledEndpoint::isProbed);
    }

    private String reasonForNone(List<PooledEndpoint> wanted) {
        if (members.isEmpty()) {
            return absence;
        }
        if (members.values().stream().allMatch(PooledEndpoint::isDrained)) {
            return "every endpoint is drained";
        }
        return wanted.isEmpty() ? "none of " + members.size() + " endpoints has the role " + spec.role() : "";
    }

    private void publishVisible() {
        List<PooledEndpoint> all = new ArrayList<>(members.values());
        all.addAll(leaving);
        visible = List.copyOf(all);
    }

    /** At most a line a second of each kind, some at once: endpoints can be many, and come and go for ever. */
    private void info(String message, Object... arguments) {
        limiter.log(message, left -> log.info(message + LogLimiter.more(left), arguments));
    }

    private void warn(String message, Object... arguments) {
        limiter.log(message, left -> log.warn(message + LogLimiter.more(left), arguments));
    }

    private @Nullable ScheduledFuture<?> later(Runnable task, Duration delay) {
        return Control.schedule(control, log, task, delay);
    }
}
