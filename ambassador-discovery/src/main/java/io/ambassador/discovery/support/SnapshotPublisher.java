package io.ambassador.discovery.support;

import io.ambassador.spi.LogLimiter;
import io.ambassador.spi.discovery.EndpointSource.Listener;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.spi.discovery.EndpointState.Unreachable;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells one listener each new state, and keeps the promises of a source while doing so: calls never overlap, a state
 * that equals the one before is not repeated (two failures are equal if their messages are), a listener that throws is
 * logged and hears the next state, and no call starts after {@link #close()} has returned.
 *
 * <p>Thread-safe. {@link #close()} waits for a call that is under way on another thread; from within a call it returns
 * at once.
 */
public final class SnapshotPublisher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SnapshotPublisher.class);

    private final LogLimiter limiter = new LogLimiter();
    private final String name;
    private final Listener listener;
    private final ReentrantLock lock = new ReentrantLock();
    private final Queue<EndpointState> waiting = new ArrayDeque<>();
    private @Nullable EndpointState last;
    private boolean delivering;
    private boolean closed;

    /** @param name what is followed, for the log, as {@code srv://_redis._tcp.example.com} */
    public SnapshotPublisher(String name, Listener listener) {
        this.name = name;
        this.listener = listener;
    }

    /** Tells {@code state} unless it is what the listener heard last; does nothing once closed. */
    public void publish(EndpointState state) {
        lock.lock();
        try {
            if (closed || isSame(last, state)) {
                return;
            }
            last = state;
            waiting.add(state);
            if (!delivering) { // else the listener's own call led here; the loop below it goes on
                deliver();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            waiting.clear();
        } finally {
            lock.unlock();
        }
    }

    private void deliver() {
        delivering = true;
        try {
            EndpointState next;
            while ((next = waiting.poll()) != null) {
                tell(next);
            }
        } finally {
            delivering = false;
        }
    }

    private void tell(EndpointState state) {
        try {
            listener.onState(state);
        } catch (RuntimeException e) {
            limiter.log(
                    "listener",
                    leftOut -> LOG.error(
                            "{}: the listener failed on {}; it will hear the next state{}",
                            name,
                            state,
                            LogLimiter.more(leftOut),
                            e));
        }
    }

    private static boolean isSame(@Nullable EndpointState before, EndpointState now) {
        if (before instanceof Unreachable a && now instanceof Unreachable b) {
            return Objects.equals(a.cause().getMessage(), b.cause().getMessage());
        }
        return now.equals(before);
    }
}
