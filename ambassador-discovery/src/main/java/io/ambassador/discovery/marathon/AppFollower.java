package io.ambassador.discovery.marathon;

import io.ambassador.discovery.support.Jitter;
import io.ambassador.discovery.support.Json;
import io.ambassador.discovery.support.Shared;
import io.ambassador.discovery.support.http.HttpAnswer;
import io.ambassador.discovery.support.registry.Pulse;
import io.ambassador.discovery.support.registry.Told;
import io.ambassador.spi.discovery.DiscoveryException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads one app whole: when its masters begin to be heard, after each event that is about it, and at an interval
 * besides. On the control thread, except that answers are read where they arrive.
 */
final class AppFollower {
    /** Between two readings, however many events come. */
    private static final Duration LEAST_GAP = Duration.ofMillis(100);

    /** An event may come a moment before the app has what it tells of. */
    private static final Duration LATER = Duration.ofMillis(500);

    private static final Duration INTERVAL = Duration.ofSeconds(30);
    private static final Duration SPREAD = Duration.ofSeconds(5);
    private static final Duration POLL_INTERVAL = Duration.ofSeconds(2);
    private static final Duration POLL_SPREAD = Duration.ofMillis(500);

    /** What an answer came to. */
    private sealed interface Outcome {
        record Read(Told told) implements Outcome {}

        /** {@code answer} is no app. */
        record Refused(HttpAnswer answer) implements Outcome {}
    }

    private final MarathonConfig config;
    private final Shared<?, Masters>.Lease lease;
    private final Masters masters;
    private final ScheduledExecutorService scheduler;
    private final Consumer<Told> listener;
    private final AppReader reader;
    private boolean asking;
    private boolean askAgain;
    private boolean changed;
    private long askedAt = System.nanoTime() - LEAST_GAP.toNanos();
    private @Nullable Future<?> timer;
    private volatile boolean closed;

    private AppFollower(
            MarathonConfig config,
            Shared<?, Masters>.Lease lease,
            ScheduledExecutorService scheduler,
            Consumer<Told> listener) {
        this.config = config;
        this.lease = lease;
        this.masters = lease.value();
        this.scheduler = scheduler;
        this.listener = listener;
        this.reader = new AppReader(config);
    }

    /** @return ends it, on any thread */
    static Runnable start(MarathonConfig config, ScheduledExecutorService scheduler, Consumer<Told> listener) {
        AppFollower follower = new AppFollower(config, Masters.lease(config.masters(), scheduler), scheduler, listener);
        Pulse.schedule(
                scheduler,
                () -> {
                    if (!follower.closed) {
                        follower.masters.join(follower);
                    }
                },
                Duration.ZERO);
        return follower::close;
    }

    private void close() {
        closed = true;
        Pulse.schedule(
                scheduler,
                () -> {
                    masters.leave(this);
                    cancelTimer();
                },
                Duration.ZERO);
        lease.close();
    }

    boolean isOf(String app) {
        return config.app().equals(app);
    }

    void unreachable(DiscoveryException why) {
        cancelTimer();
        listener.accept(new Told.Unreachable(why));
    }

    /** Of a new session of the masters: what was asked in an earlier one is not waited for. */
    void begin(Duration delay) {
        asking = false;
        askAgain = false;
        askAfter(delay);
    }

    /** An event said so. */
    void changed() {
        changed = true;
        if (asking) {
            askAgain = true;
        } else {
            askAfter(LEAST_GAP.minusNanos(System.nanoTime() - askedAt));
        }
    }

    private void askAfter(Duration delay) {
        cancelTimer();
        int own = masters.session();
        if (delay.isNegative() || delay.isZero()) {
            ask(own);
        } else {
            timer = Pulse.schedule(scheduler, () -> ask(own), delay);
        }
    }

    private void ask(int own) {
        if (closed || asking || own != masters.session()) {
            return;
        }
        asking = true;
        askedAt = System.nanoTime();
        Master master = masters.current();
        master.get(config.target())
                .thenCompose(answer -> read(master, answer))
                .whenComplete((outcome, failure) -> masters.onControlThread(own, () -> {
                    if (closed) {
                        return;
                    }
                    asking = false;
                    if (failure != null) {
                        masters.failed(own, master.asDiscovery(failure), false);
                    } else if (outcome instanceof Outcome.Refused refused) {
                        masters.refused(own, refused.answer(), "GET " + config.target());
                    } else {
                        masters.works();
                        listener.accept(((Outcome.Read) outcome).told());
                        askLater();
                    }
                }));
    }

    private void askLater() {
        if (askAgain) {
            askAgain = false;
            changed();
            return;
        }
        Duration rest = masters.polls() ? Jitter.upTo(POLL_INTERVAL, POLL_SPREAD) : Jitter.upTo(INTERVAL, SPREAD);
        askAfter(changed ? LATER : rest);
        changed = false;
    }

    private CompletableFuture<Outcome> read(Master master, HttpAnswer answer) {
        if (answer.status() == 404 && !message(answer).isEmpty()) {
            return told(new Told.Absent("Marathon has no app " + config.app()));
        }
        if (!answer.isSuccess()) {
            return CompletableFuture.completedFuture(new Outcome.Refused(answer));
        }
        Json app = parse(master, answer).get("app");
        if (!app.isObject()) {
            throw new CompletionException(master.problem("its answer is not an app of Marathon's"));
        }
        if (app.get("tasks").exists()) {
            return told(told(master, app, app.get("tasks").elements()));
        }
        return master.get(config.tasks())
                .thenCompose(
                        tasks -> { // as where it cannot embed them
                            if (!tasks.isSuccess()) {
                                return CompletableFuture.completedFuture(new Outcome.Refused(tasks));
                            }
                            return told(told(
                                    master,
                                    app,
                                    parse(master, tasks).get("tasks").elements()));
                        });
    }

    private Told told(Master master, Json app, List<Json> tasks) {
        try {
            return reader.read(app, tasks);
        } catch (IllegalArgumentException e) { // the others are not to blame
            return new Told.Unreachable(master.problem("app " + config.app() + " " + e.getMessage()));
        }
    }

    private static CompletableFuture<Outcome> told(Told told) {
        return CompletableFuture.completedFuture(new Outcome.Read(told));
    }

    /** Of an error, as Marathon words it; empty if it is somebody else's. */
    private static String message(HttpAnswer answer) {
        try {
            return Json.parse(answer.stream()).text("message");
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    private static Json parse(Master master, HttpAnswer answer) {
        try {
            return Json.parse(answer.stream());
        } catch (IllegalArgumentException e) {
            throw new CompletionException(master.problem("its answer " + e.getMessage()));
        }
    }

    private void cancelTimer() {
        if (timer != null) {
            timer.cancel(false);
        }
    }
}
