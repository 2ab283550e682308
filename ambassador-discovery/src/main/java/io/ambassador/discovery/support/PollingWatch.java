package io.ambassador.discovery.support;

import io.ambassador.spi.LogLimiter;
import io.ambassador.spi.discovery.DiscoveryException;
import io.ambassador.spi.discovery.EndpointSource.Listener;
import io.ambassador.spi.discovery.EndpointSource.Watch;
import io.ambassador.spi.discovery.EndpointState.Unreachable;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows something by asking again: when an answer's time is over, when a failure's back-off is over, or when told
 * that something changed. One question is under way at a time. Everything but {@link #close()} runs on the control
 * thread.
 */
public final class PollingWatch implements Watch {
    /** One backend's way to ask. */
    public interface Poll extends AutoCloseable {
        /**
         * Asks without blocking; called on the control thread. The stage must complete in bounded time, on any thread;
         * failing it is the same as answering {@link Unreachable}.
         */
        CompletionStage<Answer> ask();

        /** Releases what asking needed; called once, on the thread that closes the watch. */
        @Override
        void close();
    }

    private static final Logger LOG = LoggerFactory.getLogger(PollingWatch.class);

    private final LogLimiter limiter = new LogLimiter();
    private final String name;
    private final ScheduledExecutorService scheduler;
    private final SnapshotPublisher publisher;
    private final Backoff backoff;
    private final Object lock = new Object(); // guards timer and closed
    private volatile @Nullable Poll poll; // set once, before the first question
    private @Nullable ScheduledFuture<?> timer;
    private boolean closed;
    private boolean asking; // control thread only, as is askAgain
    private boolean askAgain;

    private PollingWatch(String name, ScheduledExecutorService scheduler, Listener listener, Backoff backoff) {
        this.name = name;
        this.scheduler = scheduler;
        this.publisher = new SnapshotPublisher(name, listener);
        this.backoff = backoff;
    }

    /**
     * Starts asking at once.
     *
     * @param name what is followed, for the log, as {@code srv://_redis._tcp.example.com}
     * @param backoff between failures; belongs to this watch from now on
     */
    public static PollingWatch start(
            String name, ScheduledExecutorService scheduler, Listener listener, Backoff backoff, Poll poll) {
        return start(name, scheduler, listener, backoff, askNow -> poll);
    }

    /**
     * The same for a backend that notices changes by itself.
     *
     * @param poll is given what it calls, on any thread, to be asked now
     */
    public static PollingWatch start(
            String name,
            ScheduledExecutorService scheduler,
            Listener listener,
            Backoff backoff,
            Function<Runnable, Poll> poll) {
        PollingWatch watch = new PollingWatch(name, scheduler, listener, backoff);
        watch.poll = poll.apply(watch::askNow); // which may be called before apply returns
        watch.askNow();
        return watch;
    }

    /** Asks now, or once more right after the question that is under way. Returns at once; thread-safe. */
    public void askNow() {
        onControlThread(this::ask);
    }

    @Override
    public void close() {
        synchronized (lock) {
            if (closed) {
                return;
            }
            closed = true;
            if (timer != null) {
                timer.cancel(false);
            }
        }
        publisher.close();
        Poll own = poll;
        if (own != null) {
            own.close();
        }
    }

    private void ask() {
        Poll own = poll;
        if (own == null) {
            return; // the first question is about to be asked
        }
        if (asking) {
            askAgain = true;
            return;
        }
        synchronized (lock) {
            if (closed) {
                return;
            }
            if (timer != null) {
                timer.cancel(false);
            }
        }
        asking = true;
        CompletionStage<Answer> answer;
        try {
            answer = own.ask();
        } catch (RuntimeException e) {
            take(unexpected(e));
            return;
        }
        answer.whenComplete((value, failure) -> onControlThread(() -> take(failure == null ? value : failed(failure))));
    }

    private void take(Answer answer) {
        asking = false;
        publisher.publish(answer.state());
        Duration delay;
        if (answer.state() instanceof Unreachable) {
            delay = backoff.next();
        } else {
            backoff.reset();
            delay = answer.goodFor();
        }
        if (askAgain) {
            askAgain = false;
            askNow();
        } else if (delay != null) {
            askAfter(delay);
        }
    }

    private void askAfter(Duration delay) {
        synchronized (lock) {
            if (closed) {
                return;
            }
            try {
                timer = scheduler.schedule(this::ask, delay.toNanos(), TimeUnit.NANOSECONDS);
            } catch (RejectedExecutionException e) {
                LOG.debug("{}: the control thread has stopped", name, e);
            }
        }
    }

    private void onControlThread(Runnable step) {
        try {
            scheduler.execute(step);
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: the control thread has stopped", name, e);
        }
    }

    private Answer failed(Throwable failure) {
        Throwable cause = DiscoveryFailure.cause(failure);
        return cause instanceof DiscoveryException expected ? Answer.unreachable(expected) : unexpected(cause);
    }

    private Answer unexpected(Throwable cause) {
        limiter.log(
                "unexpected",
                leftOut -> LOG.error(
                        "{}: asking failed in an unexpected way; it will be tried again{}",
                        name,
                        LogLimiter.more(leftOut),
                        cause));
        return Answer.unreachable(new DiscoveryException(name + ": " + cause, cause));
    }
}
