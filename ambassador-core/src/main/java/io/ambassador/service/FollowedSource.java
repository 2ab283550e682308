package io.ambassador.service;

import io.ambassador.explain.EventKind;
import io.ambassador.explain.ServiceJournal;
import io.ambassador.spi.LogLimiter;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointState;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * One source of a service and what it told last. An error changes nothing. An answer that there is nothing, after
 * there was something, is held for a while before it is believed. Changes on the control thread alone; what it tells may be
 * read by any.
 */
final class FollowedSource {
    /** More than this from one source is a mistake, or an attack. */
    static final int MOST_ENDPOINTS = 10_000;

    static final List<String> STATES = List.of("waiting", "known", "absent", "unreachable");

    /** How long a source may keep silent before what the disk remembers is used. */
    private static final Duration PATIENCE = Duration.ofMillis(500);

    private final LogLimiter limiter = new LogLimiter();
    private final String name;
    private final SourceSpec spec;
    private final EndpointSource source;
    private final LastKnown lastKnown;
    private final Duration absentHold;
    private final boolean inherits;
    private final ScheduledExecutorService control;
    private final Logger log;
    private final Runnable changed;
    private final ServiceJournal journal;
    private boolean toldStale;
    private EndpointSource.@Nullable Watch watch;
    private volatile @Nullable Set<Endpoint> known;
    private volatile String state = "waiting";
    private volatile @Nullable String lastError;
    private volatile @Nullable String refused;
    private volatile int leftOut;
    private String absence = "discovery has not answered yet";
    private volatile boolean answered;
    private volatile boolean inherited; // from the disk, or from one before this one
    private volatile long answeredAt;
    private volatile long changedAt;
    private volatile long failedAt;
    private @Nullable Future<?> hold;

    /** @param inherits whether endpoints of another source are in use until this one has told its own */
    FollowedSource(
            String name,
            SourceSpec spec,
            EndpointSource source,
            LastKnown lastKnown,
            boolean inherits,
            ServiceEnvironment environment,
            Logger log,
            ServiceJournal journal,
            Runnable changed) {
        this.name = name;
        this.spec = spec;
        this.source = source;
        this.lastKnown = lastKnown;
        this.absentHold = environment.absentHold();
        this.inherits = inherits;
        this.control = environment.control();
        this.log = log;
        this.journal = journal;
        this.changed = changed;
    }

    void start() {
        watch = source.watch(heard -> Control.schedule(control, log, () -> onState(heard), Duration.ZERO));
        if (lastKnown.isKept()) {
            Control.schedule(control, log, this::useDiskIfSilent, PATIENCE);
        }
    }

    boolean asksTheSameAs(FollowedSource other) {
        return spec.source().equals(other.spec.source()) && spec.filter().equals(other.spec.filter());
    }

    /** Goes on from what {@code old} knew, which is stale until there is an answer. Before {@link #start}. */
    void takeOver(FollowedSource old) {
        known = old.known;
        absence = old.absence;
        leftOut = old.leftOut;
        answeredAt = old.answeredAt;
        changedAt = old.changedAt;
        failedAt = old.failedAt;
        inherited = known != null;
    }

    void close() {
        if (watch != null) {
            watch.close();
        }
        if (hold != null) {
            hold.cancel(false);
        }
    }

    /** What is to be used; {@code null} before the first answer. */
    @Nullable Set<Endpoint> known() {
        return known;
    }

    /** Why {@link #known} is empty, or not used. */
    String absence() {
        return Objects.requireNonNullElse(refused, absence);
    }

    /** Whether the source has answered at all, be it with an error. */
    boolean answered() {
        return answered;
    }

    boolean stale() {
        return inherited || state.equals("unreachable") || refused != null;
    }

    /** Its share, relative to those it is merged with. */
    int weight() {
        return spec.weight();
    }

    /** What it told last cannot be used as long as those it is merged with tell theirs; {@code null}: it can. */
    void refuse(@Nullable String why) {
        if (why != null && !why.equals(refused)) {
            failedAt = System.nanoTime();
            limiter.log(
                    "refused",
                    left -> log.warn(
                            "discovery from {}: {}. What is in use stays{}", name, why, LogLimiter.more(left)));
        }
        refused = why;
        tellStaleness();
    }

    private @Nullable String lastError() {
        return lastError == null ? refused : lastError;
    }

    String name() {
        return name;
    }

    /** One of {@link #STATES}. */
    String state() {
        return state;
    }

    /** How many endpoints it names that its filter admits. */
    int size() {
        Set<Endpoint> endpoints = known;
        return endpoints == null ? 0 : endpoints.size();
    }

    /** Since the last answer; {@code null} before the first. */
    @Nullable Duration age() {
        return since(answeredAt);
    }

    /** Since its endpoints became what they are; {@code null} before the first. */
    @Nullable Duration changed() {
        return since(changedAt);
    }

    /** Since it could not be asked or used last; {@code null} if it always could. */
    @Nullable Duration failed() {
        return since(failedAt);
    }

    private static @Nullable Duration since(long nanoTime) {
        return nanoTime == 0 ? null : Duration.ofNanos(System.nanoTime() - nanoTime);
    }

    ServiceStatus.SourceStatus status(boolean selected) {
        return new ServiceStatus.SourceStatus(
                name,
                state,
                selected,
                spec.weight(),
                size(),
                leftOut,
                age(),
                changed(),
                failed(),
                stale(),
                lastError());
    }

    private void onState(EndpointState heard) {
        answered = true;
        if (heard instanceof EndpointState.Known answer && answer.endpoints().size() > MOST_ENDPOINTS) {
            onError("it names " + answer.endpoints().size() + " endpoints, more than " + MOST_ENDPOINTS);
        } else if (heard instanceof EndpointState.Known answer) {
            Set<Endpoint> wanted = spec.filter().of(answer.endpoints());
            leftOut = answer.endpoints().size() - wanted.size();
            onAnswer("known", wanted, leftOut == 0 ? name + " has no endpoints" : noneWanted());
        } else if (heard instanceof EndpointState.Absent answer) {
            leftOut = 0;
            onAnswer("absent", Set.of(), answer.reason());
        } else if (heard instanceof EndpointState.Unreachable error) {
            onError(String.valueOf(error.cause().getMessage()));
        }
        tellStaleness();
        changed.run();
    }

    private String noneWanted() {
        return name + " has no endpoints that its filter admits (" + spec.filter() + "), but " + leftOut + " others";
    }

    private void tellStaleness() {
        if (toldStale != stale()) {
            toldStale = stale();
            journal.tell(
                    toldStale ? EventKind.DISCOVERY_STALE : EventKind.DISCOVERY_FRESH,
                    name,
                    Objects.requireNonNullElse(lastError(), ""));
        }
    }

    private void onAnswer(String newState, Set<Endpoint> endpoints, String whyEmpty) {
        if (state.equals("unreachable")) {
            limiter.log("again", left -> log.info("discovery from {} answers again{}", name, LogLimiter.more(left)));
        }
        state = newState;
        lastError = null;
        answeredAt = System.nanoTime();
        if (hold != null) {
            hold.cancel(false);
            hold = null;
        }
        boolean used = known == null ? inherits : !known.isEmpty();
        if (endpoints.isEmpty() && used && !absentHold.isZero()) {
            limiter.log(
                    "absent",
                    left -> log.warn(
                            "{}: {}. What was known is used for {} s more{}",
                            name,
                            whyEmpty,
                            absentHold.toSeconds(),
                            LogLimiter.more(left)));
            hold = Control.schedule(control, log, () -> believe(endpoints, whyEmpty), absentHold);
        } else {
            believe(endpoints, whyEmpty);
        }
    }

    private void believe(Set<Endpoint> endpoints, String whyEmpty) {
        boolean toKeep = !endpoints.isEmpty() && (inherited || !endpoints.equals(known));
        if (!endpoints.equals(known)) {
            changedAt = System.nanoTime();
        }
        known = endpoints;
        absence = whyEmpty;
        inherited = false;
        if (toKeep) {
            lastKnown.keep(endpoints);
        }
        changed.run();
    }

    private void onError(String message) {
        if (!message.equals(lastError)) {
            limiter.log(
                    "failed",
                    left -> log.warn(
                            "discovery from {} failed: {}. What is known goes on being used{}",
                            name,
                            message,
                            LogLimiter.more(left)));
        }
        state = "unreachable";
        lastError = message;
        failedAt = System.nanoTime();
        if (known == null) {
            absence = "discovery from " + name + " failed: " + message;
            useDisk();
        }
    }

    private void useDiskIfSilent() {
        if (!answered && known == null) {
            useDisk();
            tellStaleness();
            changed.run();
        }
    }

    private void useDisk() {
        Set<Endpoint> remembered = lastKnown.load();
        if (!remembered.isEmpty()) {
            log.warn("{} does not answer: the {} endpoints it told last are used", name, remembered.size());
            known = remembered;
            inherited = true;
        }
    }
}
