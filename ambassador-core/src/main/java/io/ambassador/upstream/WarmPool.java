package io.ambassador.upstream;

import io.ambassador.explain.EndReason;
import io.ambassador.metrics.Meters;
import io.ambassador.service.SecretKeeper;
import io.ambassador.service.Service;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Connections of one service that are logged in before their clients come. Each event loop has its share, since a
 * connection cannot change its loop. Logins are made one at a time on each loop; after a failure, one at a time for the
 * whole service, at growing intervals. Thread-safe.
 */
public final class WarmPool implements AutoCloseable {
    private static final long LONGEST_WAIT_SECONDS = 30;

    private final Service service;
    private final MeterRegistry registry;
    private final List<WarmStock> stocks = new ArrayList<>();
    private final AtomicInteger idle = new AtomicInteger();
    private final LongAdder taken = new LongAdder();
    private final LongAdder missed = new LongAdder();
    private final List<Meter> meters = new ArrayList<>(3);
    private int failures;
    private long notBefore;
    private long refusedVersion;
    private boolean trying;
    private boolean closed;

    /** @param loops those that clients are served on */
    public WarmPool(Service service, Connector connector, List<EventLoop> loops, MeterRegistry registry) {
        this.service = service;
        this.registry = registry;
        int wanted = service.spec().limits().prewarm();
        for (int i = 0; i < loops.size(); i++) {
            int share = wanted / loops.size() + (i < wanted % loops.size() ? 1 : 0);
            stocks.add(new WarmStock(this, service, connector, loops.get(i), share));
        }
    }

    /**
     * Begins to log in, for protocols whose clients are all alike; for others, when the first client has come.
     *
     * @param before closed by now, whose counts go on here; {@code null} for none
     */
    public void start(@Nullable WarmPool before) {
        if (before != null) {
            taken.add(before.taken.sum());
            missed.add(before.missed.sum());
        }
        meters.add(Gauge.builder(Meters.PREWARM_IDLE.meterName(), idle::get)
                .description(Meters.PREWARM_IDLE.description())
                .tag("service", service.name())
                .register(registry));
        meters.add(counter("taken", taken));
        meters.add(counter("missed", missed));
        stocks.forEach(stock -> stock.loop().execute(stock::start));
    }

    /** Closes what is idle, and makes no more; may be called twice. Event loops must be running still. */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        stocks.forEach(stock -> stock.loop().execute(stock::close));
        meters.forEach(registry::remove);
    }

    /**
     * On the client's event loop.
     *
     * @param key {@code null} for a client that none will do for
     * @return {@code null} if there is none
     */
    @Nullable WarmConnection take(EventLoop loop, @Nullable Object key) {
        if (key == null) {
            return null;
        }
        for (WarmStock stock : stocks) {
            if (stock.loop() == loop) {
                WarmConnection connection = stock.take(key);
                (connection == null ? missed : taken).increment();
                return connection;
            }
        }
        return null;
    }

    void changed(int by) {
        idle.addAndGet(by);
    }

    /** Whether a login may be made now; {@code true} is to be followed by one of the next three. */
    synchronized boolean tryBegin() {
        SecretKeeper secrets = service.secrets();
        if (closed || secrets == null || !secrets.isAvailable()) {
            return false;
        }
        if (failures > 0) {
            boolean newSecret = refusedVersion != 0 && refusedVersion != secrets.wantedVersion();
            if (trying || (!newSecret && System.nanoTime() - notBefore < 0)) {
                return false;
            }
            trying = true;
        }
        return true;
    }

    synchronized void succeeded() {
        failures = 0;
        trying = false;
        refusedVersion = 0;
    }

    /** It told nothing about whether another would succeed. */
    synchronized void released() {
        trying = false;
    }

    /** A secret that was refused will be refused again; each time may bring the account nearer to its lock-out. */
    synchronized void failed(EndReason reason) {
        boolean first = trying || failures == 0;
        trying = false;
        if (!first) {
            return; // begun before another loop's login failed
        }
        SecretKeeper secrets = service.secrets();
        boolean refused = reason == EndReason.LOGIN_REFUSED && secrets != null;
        refusedVersion = refused && secrets != null ? secrets.wantedVersion() : 0;
        waitFor(refused ? LONGEST_WAIT_SECONDS : Math.min(LONGEST_WAIT_SECONDS, 1L << Math.min(failures, 5)));
        failures++;
    }

    /** A connection ended as soon as it had been made. */
    synchronized void brokeAtOnce() {
        if (failures == 0) {
            failures = 1;
            waitFor(1);
        }
    }

    private void waitFor(long seconds) {
        double jitter = 0.9 + 0.2 * ThreadLocalRandom.current().nextDouble();
        notBefore = System.nanoTime() + (long) (TimeUnit.SECONDS.toNanos(seconds) * jitter);
    }

    private Meter counter(String outcome, LongAdder adder) {
        return FunctionCounter.builder(Meters.PREWARM_CLIENTS.meterName(), adder, LongAdder::sum)
                .description(Meters.PREWARM_CLIENTS.description())
                .tag("service", service.name())
                .tag("outcome", outcome)
                .register(registry);
    }
}
