package io.ambassador.discovery.docker;

import io.ambassador.discovery.support.Backoff;
import io.ambassador.discovery.support.DiscoveryFailure;
import io.ambassador.discovery.support.Jitter;
import io.ambassador.discovery.support.http.HttpAnswer;
import io.ambassador.discovery.support.http.HttpClient;
import io.ambassador.discovery.support.http.HttpRequest;
import io.ambassador.discovery.support.http.Lines;
import io.ambassador.discovery.support.registry.LeftOut;
import io.ambassador.discovery.support.registry.Told;
import io.ambassador.spi.discovery.DiscoveryException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows one engine: hears its events, and asks for the list of containers when the events begin, after each that may
 * have changed it, and at an interval besides. On the control thread, except that answers are read where they arrive.
 */
final class EngineFollower {
    private static final Logger LOG = LoggerFactory.getLogger(EngineFollower.class);

    private static final String EVENTS = new Filters()
            .with("type", List.of("container", "network"))
            .with(
                    "event",
                    List.of("start", "die", "pause", "unpause", "health_status", "rename", "connect", "disconnect"))
            .target("/events");

    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(3);

    /** Events may be silent for ever; whether the engine is there, the list tells. */
    private static final Duration SILENCE = Duration.ofHours(1);

    /** An event may come a moment before the list has what it tells of. */
    private static final Duration LATER = Duration.ofMillis(500);

    private static final Duration INTERVAL = Duration.ofSeconds(5);
    private static final Duration SPREAD = Duration.ofSeconds(1);

    private final DockerConfig config;
    private final ScheduledExecutorService scheduler;
    private final Consumer<Told> listener;
    private final HttpClient client;
    private final LeftOut leftOut;
    private final Backoff backoff = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(1));
    private int session; // what belongs to an earlier one is passed over
    private boolean asking;
    private boolean askAgain;
    private boolean changed;
    private @Nullable CompletableFuture<HttpAnswer> events;
    private @Nullable Future<?> timer;
    private volatile boolean closed;

    private EngineFollower(DockerConfig config, ScheduledExecutorService scheduler, Consumer<Told> listener) {
        this.config = config;
        this.scheduler = scheduler;
        this.listener = listener;
        this.client = new HttpClient(config.engine(), config.options(), scheduler);
        this.leftOut = new LeftOut(config.name());
    }

    /** @return ends it, on any thread */
    static Runnable start(DockerConfig config, ScheduledExecutorService scheduler, Consumer<Told> listener) {
        EngineFollower follower = new EngineFollower(config, scheduler, listener);
        follower.onControlThread(follower::open);
        return follower::close;
    }

    private void close() {
        closed = true;
        client.close();
        onControlThread(() -> {
            session++;
            cancelTimer();
        });
    }

    private void open() {
        if (closed) {
            return;
        }
        int own = ++session;
        asking = false;
        askAgain = false;
        changed = false;
        CompletableFuture<HttpAnswer> stream = client.follow(HttpRequest.get(EVENTS), SILENCE, new Lines() {
            @Override
            public void onOpen() {
                onControlThread(() -> ask(own));
            }

            @Override
            public void onLine(String line) {
                onControlThread(() -> changed(own));
            }
        });
        events = stream;
        ask(own); // which tells whether the engine answers at all
        stream.whenComplete((answer, failure) ->
                onControlThread(() -> failed(own, failure == null ? problem(ended(answer)) : asDiscovery(failure))));
    }

    private static String ended(HttpAnswer answer) {
        return answer.isSuccess() ? "its events have ended" : "answers " + answer.summary() + " to GET /events";
    }

    private void changed(int own) {
        if (own == session) {
            changed = true;
            ask(own);
        }
    }

    private void ask(int own) {
        if (own != session) {
            return;
        }
        if (asking) {
            askAgain = true;
            return;
        }
        asking = true;
        cancelTimer();
        client.send(HttpRequest.get(Containers.target(config)), ANSWER_TIMEOUT)
                .thenCompose(this::read)
                .whenComplete((found, failure) -> onControlThread(() -> answered(own, found, failure)));
    }

    private CompletableFuture<Containers.Found> read(HttpAnswer answer) {
        Containers.Answer chosen = list(answer);
        if (!chosen.needsAll()) {
            return CompletableFuture.completedFuture(Containers.found(config, chosen.containers(), List.of()));
        }
        return client.send(HttpRequest.get(Containers.ALL), ANSWER_TIMEOUT)
                .thenApply(all ->
                        Containers.found(config, chosen.containers(), list(all).containers()));
    }

    private Containers.Answer list(HttpAnswer answer) {
        try {
            if (answer.isSuccess()) {
                return Containers.read(answer.body());
            }
        } catch (IllegalArgumentException e) {
            throw new CompletionException(problem("its list of containers " + e.getMessage()));
        }
        throw new CompletionException(problem("answers " + answer.summary()));
    }

    private void answered(int own, Containers.@Nullable Found found, @Nullable Throwable failure) {
        if (own != session) {
            return;
        }
        asking = false;
        if (found == null) {
            failed(own, asDiscovery(failure));
            return;
        }
        backoff.reset();
        leftOut.report(found.problems());
        listener.accept(new Told.Entries(found.entries()));
        if (askAgain) {
            askAgain = false;
            ask(own);
        } else {
            timer = after(changed ? LATER : Jitter.upTo(INTERVAL, SPREAD), () -> ask(own));
            changed = false;
        }
    }

    private void failed(int own, DiscoveryException why) {
        if (own != session || closed) {
            return;
        }
        session++;
        cancelTimer();
        CompletableFuture<HttpAnswer> stream = events;
        if (stream != null) {
            stream.cancel(true);
        }
        listener.accept(new Told.Unreachable(why));
        timer = after(backoff.next(), this::open);
    }

    private void cancelTimer() {
        if (timer != null) {
            timer.cancel(false);
        }
    }

    private DiscoveryException problem(String what) {
        return new DiscoveryException("Docker at " + config.engine() + ": " + what);
    }

    private DiscoveryException asDiscovery(@Nullable Throwable failure) {
        return DiscoveryFailure.of("Docker at " + config.engine(), failure);
    }

    private void onControlThread(Runnable step) {
        after(Duration.ZERO, step);
    }

    private @Nullable Future<?> after(Duration delay, Runnable step) {
        try {
            return scheduler.schedule(step, delay.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.trace("The control thread has stopped", e);
            return null;
        }
    }
}
