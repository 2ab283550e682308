package io.ambassador.discovery.marathon;

import io.ambassador.discovery.support.Backoff;
import io.ambassador.discovery.support.Jitter;
import io.ambassador.discovery.support.Shared;
import io.ambassador.discovery.support.http.HttpAnswer;
import io.ambassador.discovery.support.registry.Pulse;
import io.ambassador.spi.discovery.DiscoveryException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The masters of one Marathon, for all apps that are followed there: hears of changes by one master, and begins anew with
 * the next when that one fails. Only when none serves is Marathon out of reach. On the control thread, but for
 * {@link #close()}.
 */
final class Masters implements AutoCloseable {
    private record Key(MastersConfig config, ScheduledExecutorService scheduler) {}

    private static final Logger LOG = LoggerFactory.getLogger(Masters.class);
    private static final Shared<Key, Masters> ALL = new Shared<>();

    private static final Duration BEAT = Duration.ofSeconds(4);
    private static final Duration SUBSCRIBE = Duration.ofSeconds(30);
    private static final Duration SHORTEST_PAUSE = Duration.ofMillis(250);
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(750);
    private static final Duration RETURN_SPREAD = Duration.ofMillis(500);

    /** Of these statuses is a master without a stream of events, or one that does not show it to everybody. */
    private static final Set<Integer> NO_EVENTS = Set.of(403, 404, 405, 406);

    private final MastersConfig config;
    private final ScheduledExecutorService scheduler;
    private final List<Master> masters = new ArrayList<>();
    private final Set<AppFollower> apps = new LinkedHashSet<>();
    private final Backoff refusedPauses = new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(10));
    private final Map<Integer, String> reasons = new TreeMap<>(); // by master, why it did not serve last
    private @Nullable Callback callback;
    private @Nullable CompletableFuture<HttpAnswer> events;
    private @Nullable DiscoveryException outage;
    private @Nullable Future<?> timer;
    private boolean started;
    private boolean hears; // of changes, or asks at an interval instead
    private boolean polls;
    private boolean told; // that there are no events
    private int next;
    private int failures; // since an app was read
    private int session; // what belongs to an earlier one is passed over
    private volatile boolean closed;

    private Masters(MastersConfig config, ScheduledExecutorService scheduler) {
        this.config = config;
        this.scheduler = scheduler;
        config.addresses().forEach(address -> masters.add(new Master(address, config, scheduler)));
        this.next = ThreadLocalRandom.current().nextInt(masters.size()); // ambassadors share the masters out
    }

    static Shared<?, Masters>.Lease lease(MastersConfig config, ScheduledExecutorService scheduler) {
        return ALL.lease(new Key(config, scheduler), () -> new Masters(config, scheduler));
    }

    void join(AppFollower app) {
        apps.add(app);
        if (outage != null) {
            app.unreachable(outage);
        }
        if (!started) {
            started = true;
            open();
        } else if (hears) {
            app.begin(Duration.ZERO);
        }
    }

    void leave(AppFollower app) {
        apps.remove(app);
    }

    Master current() {
        return masters.get(next);
    }

    int session() {
        return session;
    }

    /** Whether nobody tells of changes, so that apps are to be read at short intervals. */
    boolean polls() {
        return polls;
    }

    @Override
    public void close() {
        closed = true;
        if (config.callback() == null) {
            masters.forEach(Master::close); // nothing to say good-bye to, and the control thread may end with us
        }
        Pulse.schedule(scheduler, this::end, Duration.ZERO);
    }

    private void end() {
        boolean subscribed = callback != null && hears;
        forget();
        CompletableFuture<?> last = subscribed && config.callback() != null
                ? current().unsubscribe(config.callback().url())
                : CompletableFuture.completedFuture(null);
        last.whenComplete((answer, failure) -> masters.forEach(Master::close));
        if (callback != null) {
            callback.close();
        }
    }

    private void forget() {
        session++;
        hears = false;
        if (events != null) {
            events.cancel(true);
            events = null;
        }
        if (timer != null) {
            timer.cancel(false);
        }
    }

    private void open() {
        if (closed) {
            return;
        }
        forget();
        polls = false;
        int own = session;
        if (config.callback() != null) {
            listen(own, config.callback());
            return;
        }
        Master master = current();
        CompletableFuture<HttpAnswer> stream = master.events(new EventLines(
                () -> onControlThread(own, () -> heard(own)), app -> onControlThread(own, () -> changed(app))));
        events = stream;
        stream.whenComplete((answer, failure) -> onControlThread(own, () -> {
            if (failure != null) {
                failed(own, master.asDiscovery(failure), false);
            } else if (!NO_EVENTS.contains(answer.status()) || hears) {
                refused(own, answer, "GET /v2/events");
            } else {
                withoutEvents(own, answer);
            }
        }));
    }

    private void withoutEvents(int own, HttpAnswer answer) {
        if (!told) {
            told = true;
            LOG.warn(
                    "Marathon {}: answers {} to GET /v2/events; apps are asked for at intervals",
                    current(),
                    answer.status());
        }
        polls = true;
        heard(own);
    }

    private void listen(int own, CallbackConfig target) {
        Callback listening = callback;
        if (listening == null) {
            listening = Callback.listen(target, app -> Pulse.schedule(scheduler, () -> changed(app), Duration.ZERO));
            callback = listening;
        }
        Callback used = listening;
        used.bound()
                .whenComplete((nothing, failure) -> onControlThread(own, () -> {
                    if (failure == null) {
                        subscribe(own, target);
                    } else {
                        used.close();
                        callback = null;
                        failed(own, current().asDiscovery(failure), true);
                    }
                }));
    }

    /** Again and again, since a Marathon that was set up anew knows nobody. */
    private void subscribe(int own, CallbackConfig target) {
        Master master = current();
        master.subscribe(target.url())
                .whenComplete((answer, failure) -> onControlThread(own, () -> {
                    if (failure != null) {
                        failed(own, master.asDiscovery(failure), false);
                    } else if (!answer.isSuccess()) {
                        refused(own, answer, "POST /v2/eventSubscriptions");
                    } else {
                        if (!hears) {
                            heard(own);
                        }
                        Pulse.schedule(scheduler, () -> onControlThread(own, () -> subscribe(own, target)), SUBSCRIBE);
                    }
                }));
    }

    /** What changes from now on will be heard of: all that was before is read. */
    private void heard(int own) {
        boolean back = outage != null;
        hears = true;
        beatLater(own);
        List.copyOf(apps)
                .forEach(app -> app.begin(back ? Jitter.between(Duration.ZERO, RETURN_SPREAD) : Duration.ZERO));
    }

    private void changed(String app) {
        if (hears) {
            apps.stream().filter(each -> each.isOf(app)).forEach(AppFollower::changed);
        }
    }

    private void beatLater(int own) {
        timer = Pulse.schedule(
                scheduler, () -> onControlThread(own, () -> beat(own)), Jitter.between(BEAT.dividedBy(2), BEAT));
    }

    private void beat(int own) {
        Master master = current();
        master.ping()
                .whenComplete((answer, failure) -> onControlThread(own, () -> {
                    if (failure != null) {
                        failed(own, master.asDiscovery(failure), false);
                    } else if (answer.status() >= 500) {
                        refused(own, answer, "GET /ping");
                    } else {
                        beatLater(own);
                    }
                }));
    }

    /** An app was read. */
    void works() {
        if (outage != null) {
            LOG.info("Marathon {} answers again", current());
        } else if (failures > 0) {
            LOG.info("Marathon: {} serves now", current());
        }
        failures = 0;
        outage = null;
        reasons.clear();
        refusedPauses.reset();
    }

    /** An answer ends the session if nothing can come of it. */
    void refused(int own, HttpAnswer answer, String question) {
        boolean login = answer.status() == 401 || answer.status() == 403;
        if (login) {
            current().refused();
        }
        String what = answer.isSuccess() ? "its events have ended" : "answers " + answer.summary() + " to " + question;
        failed(own, current().problem(what), login);
    }

    /** @param mend whether it takes a person to mend it, so that there is no hurry */
    void failed(int own, DiscoveryException why, boolean mend) {
        if (own != session || closed) {
            return;
        }
        forget();
        failures++;
        reasons.put(next, String.valueOf(why.getMessage()));
        next = (next + 1) % masters.size();
        if (failures < masters.size()) {
            LOG.warn("{}. The next master is asked", why.getMessage());
            open();
            return;
        }
        DiscoveryException all = new DiscoveryException(String.join("; ", reasons.values()), why);
        outage = all;
        List.copyOf(apps).forEach(app -> app.unreachable(all));
        boolean roundIsOver = failures % masters.size() == 0;
        Duration pause = mend
                ? refusedPauses.next()
                : roundIsOver ? Jitter.between(SHORTEST_PAUSE, LONGEST_PAUSE) : Duration.ZERO;
        timer = Pulse.schedule(scheduler, this::open, pause);
    }

    /** Runs {@code step} there, unless session {@code own} is over by then. */
    void onControlThread(int own, Runnable step) {
        Pulse.schedule(
                scheduler,
                () -> {
                    if (own == session && !closed) {
                        step.run();
                    }
                },
                Duration.ZERO);
    }
}
