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

    private final class Watch {
        private final PooledEndpoint endpoint;
        private @Nullable Future<?> next;
        private boolean stopped;

        Watch(PooledEndpoint endpoint) {
            this.endpoint = endpoint;
        }

        void probe() {
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
            pool.probed(endpoint, result);
            double jitter = 0.9 + 0.2 * ThreadLocalRandom.current().nextDouble();
            next = control.schedule(this::probe, (long) (interval.toNanos() * jitter), TimeUnit.NANOSECONDS);
        }
    }
}
