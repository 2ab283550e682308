package io.ambassador.service;

import io.ambassador.spi.LogLimiter;
import io.ambassador.spi.discovery.Endpoint;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** What a source told last, kept on disk without making anybody wait. Trouble with the disk is logged, and no more. */
final class LastKnown {
    private final @Nullable EndpointCache cache;
    private final Executor worker;
    private final Logger log;
    private final LogLimiter limiter = new LogLimiter();

    /** @param cache {@code null} to keep nothing */
    LastKnown(@Nullable EndpointCache cache, Executor worker, Logger log) {
        this.cache = cache;
        this.worker = worker;
        this.log = log;
    }

    boolean isKept() {
        return cache != null;
    }

    /** Empty if nothing is kept, or it cannot be read. */
    Set<Endpoint> load() {
        if (cache == null) {
            return Set.of();
        }
        try {
            return cache.load();
        } catch (IOException e) {
            log.warn("The endpoints kept on disk cannot be used: {}", e.getMessage());
            return Set.of();
        }
    }

    void keep(Set<Endpoint> endpoints) {
        EndpointCache to = cache;
        if (to == null) {
            return;
        }
        try {
            worker.execute(() -> {
                try {
                    to.store(endpoints);
                } catch (IOException e) {
                    limiter.log(
                            "disk",
                            left -> log.warn(
                                    "The endpoints cannot be kept on disk: {}{}", e.toString(), LogLimiter.more(left)));
                }
            });
        } catch (RejectedExecutionException e) {
            log.debug("Not kept on disk: the ambassador is shutting down.");
        }
    }
}
