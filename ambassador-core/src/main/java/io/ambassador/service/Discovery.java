package io.ambassador.service;

import io.ambassador.explain.ServiceJournal;
import io.ambassador.metrics.MeterGroup;
import io.ambassador.metrics.Meters;
import io.ambassador.spi.Configured;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointSourceProvider;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** Follows a service's sources and gives the pool the endpoints of the first group that has any. Control thread only. */
final class Discovery {
    private final AllowedEndpoints allowed;
    private final EndpointPool pool;
    private final boolean inherits;
    private final Logger log;
    private final List<FollowedGroup> groups = new ArrayList<>();
    private @Nullable FollowedGroup selected;
    private volatile boolean answered;

    /**
     * @param inherits whether the pool has endpoints of a discovery before this one, to be used until there is an
     *     answer that says otherwise
     */
    Discovery(
            ServiceSpec spec,
            EndpointPool pool,
            boolean inherits,
            ServiceEnvironment environment,
            Logger log,
            ServiceJournal journal) {
        this.allowed = new AllowedEndpoints(spec.allow().endpoints(), log);
        this.pool = pool;
        this.answered = inherits;
        this.inherits = inherits;
        this.log = log;
        for (int i = 0; i < spec.discovery().size(); i++) {
            List<SourceSpec> group = spec.discovery().get(i).sources();
            List<FollowedSource> followed = new ArrayList<>();
            for (int j = 0; j < group.size(); j++) {
                SourceSpec source = group.get(j);
                followed.add(new FollowedSource(
                        source.type() + place(i, spec.discovery().size(), j, group.size()),
                        source,
                        create(source.source(), environment.control()),
                        lastKnown(spec.name(), source, environment, log),
                        inherits,
                        environment,
                        log,
                        journal,
                        this::refresh));
            }
            groups.add(new FollowedGroup(followed));
        }
    }

    private static LastKnown lastKnown(String service, SourceSpec source, ServiceEnvironment environment, Logger log) {
        Path directory = environment.cacheDirectory();
        return new LastKnown(
                directory == null ? null : new EndpointCache(directory, service, source.question()),
                environment.worker(),
                log);
    }

    /** Where a source stands: in a list {@code [1]}, in a merge {@code [1]}, in a merge in a list {@code [0.1]}. */
    private static String place(int group, int groups, int source, int sources) {
        String inList = groups > 1 ? String.valueOf(group) : "";
        String inMerge = sources > 1 ? String.valueOf(source) : "";
        String place = inList + (inList.isEmpty() || inMerge.isEmpty() ? "" : ".") + inMerge;
        return place.isEmpty() ? "" : "[" + place + "]";
    }

    @SuppressWarnings("unchecked") // a provider's own config is the only one it is ever paired with
    private static EndpointSource create(
            Configured<EndpointSourceProvider<?>> configured, ScheduledExecutorService control) {
        return ((EndpointSourceProvider<Record>) configured.provider()).create(configured.config(), control);
    }

    /** Sources that are followed as before go on from what they knew: an error at this moment takes nothing away. */
    void takeOver(Discovery old) {
        List<FollowedSource> before = new ArrayList<>(old.sources());
        for (FollowedSource source : sources()) {
            before.stream().filter(source::asksTheSameAs).findFirst().ifPresent(same -> {
                before.remove(same);
                source.takeOver(same);
            });
        }
    }

    void start() {
        for (FollowedSource source : sources()) {
            try {
                source.start();
            } catch (RuntimeException e) { // a defect of the source's, which must not keep others from starting
                log.error("Discovery from {} could not begin.", source.name(), e);
            }
        }
    }

    void close() {
        sources().forEach(FollowedSource::close);
    }

    /** Whether there is something to go by: an answer of any source, or the disk's. Any thread. */
    boolean answered() {
        return answered;
    }

    private List<FollowedSource> sources() {
        return groups.stream().flatMap(group -> group.sources().stream()).toList();
    }

    List<ServiceStatus.SourceStatus> status() {
        List<ServiceStatus.SourceStatus> status = new ArrayList<>();
        for (FollowedGroup group : groups) {
            group.sources().forEach(source -> status.add(source.status(group == selected)));
        }
        return status;
    }

    /** Each source's meters: they go with {@code meters}. */
    void register(MeterGroup meters) {
        for (FollowedSource source : sources()) {
            String name = source.name();
            meters.gauge(Meters.DISCOVERY_STALE, () -> source.stale() ? 1 : 0, "source", name);
            meters.gauge(Meters.DISCOVERY_AGE, () -> seconds(source.age()), "source", name);
            meters.gauge(Meters.DISCOVERY_CHANGED, () -> seconds(source.changed()), "source", name);
            meters.gauge(Meters.DISCOVERY_FAILED, () -> seconds(source.failed()), "source", name);
            meters.gauge(Meters.DISCOVERY_ENDPOINTS, source::size, "source", name);
            for (String state : FollowedSource.STATES) {
                meters.gauge(
                        Meters.DISCOVERY_STATE,
                        () -> source.state().equals(state) ? 1 : 0,
                        "source",
                        name,
                        "state",
                        state);
            }
        }
    }

    private static double seconds(@Nullable Duration duration) {
        return duration == null ? Double.NaN : duration.toNanos() / 1e9;
    }

    void refresh() {
        FollowedGroup winner = null;
        boolean waiting = false;
        for (FollowedGroup group : groups) {
            if (group.isKnown()) {
                winner = winner == null ? group : winner;
            }
            if (group.hasEndpoints()) {
                winner = group;
                waiting = inherits && group.isAwaited(); // the others' endpoints are in use already, as it may turn out
                break;
            }
            if (group.isAwaited()) {
                // An earlier source that is still being asked may have endpoints.
                waiting = true;
                break;
            }
        }
        if (inherits && waiting) {
            return;
        }
        boolean any = answered || winner != null || sources().stream().allMatch(FollowedSource::answered);
        if (winner != null) {
            use(winner);
        } else if (any && !inherits) {
            pool.replace(List.of(), groups.get(0).absence());
        }
        answered = any; // last, so that whoever sees it finds the pool filled
    }

    private void use(FollowedGroup winner) {
        Collection<Endpoint> endpoints = winner.endpoints();
        if (endpoints == null) { // too many: those before stay
            if (selected == null && !inherits) {
                pool.replace(List.of(), winner.absence());
            }
            return;
        }
        selected = winner;
        pool.stale(winner.isStale());
        pool.replace(allowed.of(endpoints), winner.absence());
    }
}
