package io.ambassador.discovery.support.registry;

import io.ambassador.discovery.support.Jitter;
import io.ambassador.spi.discovery.DiscoveryException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks again and again at whether a registry answers, for all that is followed there: a registry that hangs is noticed
 * long before the questions that it holds would fail, and one that is back is asked at once, without everybody trying.
 * On the control thread.
 */
public final class Pulse {
    /** Hears how the registry is. */
    public interface Member {
        /** It does not answer, or not with authority; told again with each look. */
        void onDown(DiscoveryException why);

        /** It does again. */
        void onUp();
    }

    private static final Logger LOG = LoggerFactory.getLogger(Pulse.class);
    private static final Duration BEAT_WHEN_DOWN = Duration.ofSeconds(1);
    private static final int FAILURES_UNTIL_DOWN = 2;

    private final ScheduledExecutorService scheduler;
    private final Duration interval;
    private final Supplier<CompletableFuture<@Nullable DiscoveryException>> look;
    private final Set<Member> members = new LinkedHashSet<>();
    private int failures;
    private boolean beating;
    private boolean stopped;
    private @Nullable Future<?> timer;

    /**
     * @param interval the longest between two looks while all is well; while it is not, a second
     * @param look completes in bounded time, on any thread, with what is wrong, or {@code null}
     */
    public Pulse(
            ScheduledExecutorService scheduler,
            Duration interval,
            Supplier<CompletableFuture<@Nullable DiscoveryException>> look) {
        this.scheduler = scheduler;
        this.interval = interval;
        this.look = look;
    }

    public void start() {
        beatAfter(BEAT_WHEN_DOWN);
    }

    public void stop() {
        stopped = true;
        if (timer != null) {
            timer.cancel(false);
        }
    }

    public void join(Member member) {
        members.add(member);
    }

    public void leave(Member member) {
        members.remove(member);
    }

    /** Somebody's question failed: looks now. */
    public void suspect() {
        if (failures < FAILURES_UNTIL_DOWN) {
            beat();
        }
    }

    /** Runs {@code step} on the control thread after a while; {@code null} if that has stopped. */
    public static @Nullable Future<?> schedule(ScheduledExecutorService scheduler, Runnable step, Duration delay) {
        try {
            return scheduler.schedule(step, delay.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.trace("The control thread has stopped", e);
            return null;
        }
    }

    private void beat() {
        if (beating || stopped) {
            return;
        }
        beating = true;
        look.get()
                .whenComplete((problem, failure) -> schedule(
                        scheduler,
                        () -> beaten(
                                failure == null ? problem : new DiscoveryException(String.valueOf(failure), failure)),
                        Duration.ZERO));
    }

    private void beaten(@Nullable DiscoveryException problem) {
        beating = false;
        if (stopped) {
            return;
        }
        if (problem == null) {
            boolean wasDown = failures >= FAILURES_UNTIL_DOWN;
            failures = 0;
            if (wasDown) {
                List.copyOf(members).forEach(Member::onUp);
            }
            beatAfter(interval);
        } else {
            failures++;
            if (failures >= FAILURES_UNTIL_DOWN) {
                List.copyOf(members).forEach(member -> member.onDown(problem));
            }
            beatAfter(BEAT_WHEN_DOWN);
        }
    }

    private void beatAfter(Duration longest) {
        if (timer != null) {
            timer.cancel(false);
        }
        timer = schedule(scheduler, this::beat, Jitter.between(longest.dividedBy(2), longest));
    }
}
