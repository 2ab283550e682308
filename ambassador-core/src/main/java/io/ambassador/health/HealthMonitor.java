package io.ambassador.health;

import io.ambassador.service.EndpointPool;
import io.ambassador.service.PooledEndpoint;
import io.ambassador.spi.protocol.ProbeResult;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Probes each endpoint of a pool at an interval, the first time at once, and tells the pool what came out. Control
 * thread only.
 */
public final class HealthMonitor implements EndpointPool.Observer {
    /** Between probes of an endpoint whose role is in dispute: either side is about to change its mind. */
    private static final Duration DISPUTE_INTERVAL = Duration.ofMillis(500);

    private final EndpointPool pool;
    private final Prober prober;
    private final Duration interval;
    private final ScheduledExecutorService control;
    private final Map<PooledEndpoint, Watch> watches = new HashMap<>();

    /** @param interval between the end of one probe and the start of the next, a tenth more or less */
    public HealthMonitor(EndpointPool pool, Prober prober, Duration interval, ScheduledExecutorService control) {
        this.pool = pool;
        this.prober = prober;
        this.interval = interval;
        this.control = control;
    }

    @Override
    public void added(PooledEndpoint endpoint) {
        Watch watch = new Watch(endpoint);
        watches.put(endpoint, watch);
        watch.probe();
    }

    @Override
    public void removed(PooledEndpoint endpoint) {
        Watch watch = watches.remove(endpoint);
        if (watch != null) {
            watch.stop();
        }
    }

    @Override
    public void roleTold(PooledEndpoint endpoint) {
        Watch watch = watches.get(endpoint);
        if (watch != null) {
            watch.probeNow();
        }
    }

    private final class Watch {
        private final PooledEndpoint endpoint;
        private @Nullable Future<?> next;
        private boolean probing;
        private boolean onceMore;
        private boolean stopped;

        Watch(PooledEndpoint endpoint) {
            this.endpoint = endpoint;
        }

        /** A probe that is under way may have come too early, and is followed by another. */
        void probeNow() {
            if (probing) {
                onceMore = true;
                return;
            }
            if (next != null) {
                next.cancel(false);
            }
            probe();
        }

        void probe() {
            probing = true;
            prober.probe(endpoint, result -> {
                try {
                    control.execute(() -> answered(result));
                } catch (RejectedExecutionException e) {
                    stopped = true; // the ambassador has shut down meanwhile
                }
            });
        }

        void stop() {
            stopped = true;
            if (next != null) {
                next.cancel(false);
            }
        }

        private void answered(ProbeResult result) {
            if (stopped) {
                return;
            }
            probing = false;
            pool.probed(endpoint, result);
            if (onceMore) {
                onceMore = false;
                probe();
                return;
            }
            Duration wait =
                    endpoint.isDisputed() && DISPUTE_INTERVAL.compareTo(interval) < 0 ? DISPUTE_INTERVAL : interval;
            double jitter = 0.9 + 0.2 * ThreadLocalRandom.current().nextDouble();
            next = control.schedule(this::probe, (long) (wait.toNanos() * jitter), TimeUnit.NANOSECONDS);
        }
    }
}
