package io.ambassador.upstream;

import io.ambassador.relay.Relay;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Ends one connection when it is quiet, or at its deadline whatever it does. Spread over time, so that clients do not
 * all come back at once. On the connection's event loop.
 */
final class RotationDrain {
    private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Relay relay;
    private final EventLoop loop;
    private final Runnable end;
    private final long deadline;
    private Future<?> timer;

    RotationDrain(Relay relay, EventLoop loop, Duration within, Runnable end) {
        this.relay = relay;
        this.loop = loop;
        this.end = end;
        long whole = within.toNanos();
        this.deadline = System.nanoTime() + whole - ThreadLocalRandom.current().nextLong(whole / 10 + 1);
        relay.watchActivity();
        this.timer = in(ThreadLocalRandom.current().nextLong(whole / 2 + 1));
    }

    void cancel() {
        timer.cancel(false);
    }

    private void look() {
        long left = deadline - System.nanoTime();
        long quiet = relay.quietNanos();
        if (left <= 0 || quiet >= QUIET_NANOS) {
            end.run();
        } else {
            timer = in(Math.min(left, Math.max(QUIET_NANOS / 10, QUIET_NANOS - quiet)));
        }
    }

    private Future<?> in(long nanos) {
        return loop.schedule(this::look, nanos, TimeUnit.NANOSECONDS);
    }
}
