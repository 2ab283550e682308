package org.example.registry;

import io.ambassador.spi.registry.Registry;
import io.ambassador.spi.registry.ServiceInstance;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** A registry as somebody else would write it: publishes again, well before each lease ends, whatever happened. */
final class LeaseBoardRegistry implements Registry {
    private static final int RENEWALS_PER_LEASE = 4;

    private final LeaseBoard board;
    private final ScheduledExecutorService scheduler;
    private final Set<Published> registered = ConcurrentHashMap.newKeySet();

    LeaseBoardRegistry(LeaseBoard board, ScheduledExecutorService scheduler) {
        this.board = board;
        this.scheduler = scheduler;
    }

    @Override
    public Registration register(ServiceInstance instance) {
        Published published = new Published(instance);
        registered.add(published);
        return published;
    }

    @Override
    public void close() {
        registered.forEach(Published::close);
    }

    /** As if the process had died. */
    void abandon() {
        registered.forEach(published -> published.renewing.cancel(false));
    }

    private final class Published implements Registration {
        private final ServiceInstance instance;
        private final CompletableFuture<Void> published = new CompletableFuture<>();
        private final Future<?> renewing;

        Published(ServiceInstance instance) {
            this.instance = instance;
            long interval = board.timeToLive().toNanos() / RENEWALS_PER_LEASE;
            this.renewing = scheduler.scheduleWithFixedDelay(this::renew, 0, interval, TimeUnit.NANOSECONDS);
        }

        @Override
        public CompletionStage<Void> published() {
            return published.minimalCompletionStage();
        }

        @Override
        public void close() {
            renewing.cancel(false);
            scheduler.execute(() -> board.withdraw(instance, this));
            registered.remove(this);
        }

        private void renew() {
            if (board.renew(instance, this)) {
                published.complete(null);
            }
        }
    }
}
