package io.ambassador.upstream;

import io.ambassador.explain.EndReason;
import io.ambassador.explain.Trail;
import io.ambassador.service.PooledEndpoint;
import io.ambassador.service.Service;
import io.ambassador.spi.protocol.Session;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One event loop's share of the connections that are kept logged in, divided among the keys that clients came with
 * last. On that loop alone.
 */
final class WarmStock {
    /** How often to look whether something has become unfit; what is taken is looked at anyway. */
    private static final long LOOK_MILLIS = 1_000;

    /** At the beginning, when discovery and the secret are on their way. */
    private static final long SOON_MILLIS = 50;

    private static final int FIRST_LOOKS = 200;

    /** A TLS handshake keeps the event loop busy: the client that has just come goes first with its first words. */
    private static final long YIELD_MILLIS = 10;

    private static final long SHORT_LIVED_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final WarmPool pool;
    private final Service service;
    private final Connector connector;
    private final EventLoop loop;
    private final int capacity;
    private final Queue<WarmConnection> idle = new ArrayDeque<>();
    private final Set<Object> keys = new LinkedHashSet<>(); // the most recent one last
    private @Nullable Warming warming;
    private int looks;
    private boolean refillPending;
    private boolean closed;

    WarmStock(WarmPool pool, Service service, Connector connector, EventLoop loop, int capacity) {
        this.pool = pool;
        this.service = service;
        this.connector = connector;
        this.loop = loop;
        this.capacity = capacity;
    }

    Service service() {
        return service;
    }

    EventLoop loop() {
        return loop;
    }

    void start() {
        Object common = service.protocol().commonWarmKey();
        if (common != null) {
            keys.add(common);
        }
        look();
    }

    void close() {
        closed = true;
        idle.forEach(WarmConnection::discard);
        pool.changed(-idle.size());
        idle.clear();
        if (warming != null) {
            warming.cancel();
            warming = null;
        }
    }

    /** The one that has waited longest, {@code null} if none will do; more are made afterwards. */
    @Nullable WarmConnection take(Object key) {
        if (closed || capacity == 0) {
            return null;
        }
        remember(key);
        WarmConnection found = null;
        for (Iterator<WarmConnection> each = idle.iterator(); found == null && each.hasNext(); ) {
            WarmConnection next = each.next();
            if (next.key().equals(key)) {
                each.remove();
                pool.changed(-1);
                if (next.isFit(service)) {
                    next.leave();
                    found = next;
                } else {
                    next.discard();
                }
            }
        }
        if (!refillPending) {
            refillPending = true;
            loop.schedule(this::refillAfterClient, YIELD_MILLIS, TimeUnit.MILLISECONDS);
        }
        return found;
    }

    private void refillAfterClient() {
        refillPending = false;
        refill();
    }

    /** A connection ended by itself. One that did so at once would do so again. */
    void broke(WarmConnection connection) {
        if (idle.remove(connection)) {
            pool.changed(-1);
        }
        if (System.nanoTime() - connection.since() < SHORT_LIVED_NANOS) {
            pool.brokeAtOnce();
        }
    }

    private void remember(Object key) {
        keys.remove(key);
        keys.add(key);
        if (keys.size() > capacity) {
            keys.remove(keys.iterator().next());
        }
    }

    private void look() {
        if (closed) {
            return;
        }
        refill();
        boolean beginning = idle.isEmpty() && looks++ < FIRST_LOOKS;
        loop.schedule(this::look, beginning ? SOON_MILLIS : LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void refill() {
        if (closed) {
            return;
        }
        int before = idle.size();
        idle.removeIf(connection -> {
            boolean fit = connection.isFit(service) && !service.isDrained();
            if (!fit) {
                connection.discard();
            }
            return !fit;
        });
        pool.changed(idle.size() - before);
        if (warming != null || service.isDrained() || service.pool().snapshot().candidates() == 0) {
            return;
        }
        Object key = lacking();
        if (key != null && pool.tryBegin()) {
            warming = new Warming(key);
            warming.start();
        }
    }

    /** The key that clients came with last, of those that have less than their share. */
    private @Nullable Object lacking() {
        List<Object> recentLast = new ArrayList<>(keys);
        for (int i = recentLast.size() - 1; i >= 0; i--) {
            if (count(recentLast.get(i)) < share(recentLast, i)) {
                return recentLast.get(i);
            }
        }
        return null;
    }

    /** The most recent keys get what is left of an equal division. */
    private int share(List<Object> recentLast, int index) {
        int each = capacity / recentLast.size();
        return recentLast.size() - 1 - index < capacity % recentLast.size() ? each + 1 : each;
    }

    private long count(Object key) {
        return idle.stream().filter(connection -> connection.key().equals(key)).count();
    }

    /** Makes room for one of {@code key}: another key has more than its share, or is no longer wanted. */
    private void makeRoom(Object key) {
        if (idle.size() < capacity) {
            return;
        }
        List<Object> recentLast = new ArrayList<>(keys);
        for (WarmConnection connection : idle) {
            int index = recentLast.indexOf(connection.key());
            if (!connection.key().equals(key) && (index < 0 || count(connection.key()) > share(recentLast, index))) {
                idle.remove(connection);
                pool.changed(-1);
                connection.discard();
                return;
            }
        }
    }

    /** One login under way. */
    private final class Warming implements Dial.Outcome {
        private final Object key;
        private final Session session;
        private final Dial dial;

        Warming(Object key) {
            this.key = key;
            this.session = service.protocol().openWarm(key);
            this.dial = new Dial(service, connector, loop, session, null, new Trail(service.name(), Dial.NOBODY), this);
        }

        void start() {
            dial.start();
        }

        void cancel() {
            dial.cancel(EndReason.SHUTDOWN);
            Guarded.ended(service, session);
        }

        @Override
        public void ready(PooledEndpoint endpoint, Channel backend, long nanos, long secretVersion) {
            warming = null;
            pool.succeeded();
            endpoint.warmed(nanos);
            makeRoom(key);
            Duration age = service.spec().limits().prewarmAge();
            long lifetime = (long)
                    (age.toNanos() * (0.9 + 0.2 * ThreadLocalRandom.current().nextDouble()));
            WarmConnection connection = new WarmConnection(
                    WarmStock.this, key, session, endpoint, backend, secretVersion, System.nanoTime() + lifetime);
            idle.add(connection);
            pool.changed(1);
            connection.await();
            loop.execute(WarmStock.this::refill);
        }

        @Override
        public boolean clientEnded() {
            return false; // there is none yet
        }

        @Override
        public void failed(EndReason reason, String detail) {
            warming = null;
            Guarded.ended(service, session);
            service.warn("prewarm", "no connection could be logged in beforehand, {}: {}", reason.word(), detail);
            if (reason == EndReason.DECLINED) {
                keys.remove(key); // what its clients ask for is not to be had
                pool.released();
            } else {
                pool.failed(reason);
            }
        }
    }
}
