package io.ambassador.launcher;

import io.ambassador.Ambassador;
import io.ambassador.ChangePlan;
import io.ambassador.launcher.admin.ReloadOutcome;
import io.ambassador.launcher.config.Configuration;
import io.ambassador.launcher.config.LogSettings;
import io.ambassador.spi.AmbassadorException;
import io.ambassador.spi.ConfigurationException;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the configuration again, as at the start, and has it run. One at a time, on a thread that is there only
 * meanwhile. Thread-safe.
 */
final class Reloader implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("ambassador.launcher");
    private static final int MAX_WAITING = 16;

    private final Reading.Source source;
    private final Configuration started;
    private final Ambassador ambassador;
    private final Consumer<LogSettings> log;
    private final ReloadWatch watch = new ReloadWatch(() -> reload("A file has changed", false));
    private volatile Reading inForce;
    private final ThreadPoolExecutor thread = new ThreadPoolExecutor(
            1,
            1,
            5,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_WAITING),
            new DefaultThreadFactory("ambassador-reload", true));

    /**
     * @param first what the process was started with, parts of which last as long as it does
     * @param log applies what a configuration says of it
     */
    Reloader(Reading.Source source, Reading first, Ambassador ambassador, Consumer<LogSettings> log) {
        this.source = source;
        this.started = first.configuration();
        this.inForce = first;
        this.ambassador = ambassador;
        this.log = log;
        thread.allowCoreThreadTimeOut(true);
        follow(first.files());
    }

    /** What runs. */
    Configuration inForce() {
        return inForce.configuration();
    }

    /** @param dryRun to find out what would happen */
    CompletableFuture<ReloadOutcome> reload(String reason, boolean dryRun) {
        try {
            return CompletableFuture.supplyAsync(() -> run(reason, dryRun), thread)
                    .whenComplete((outcome, failure) -> {
                        if (failure != null) { // a defect; who asked by a signal or a file would not hear of it
                            LOG.error("The configuration could not be reloaded.", failure);
                        }
                    });
        } catch (RejectedExecutionException e) {
            return CompletableFuture.completedFuture(
                    ReloadOutcome.rejected(ambassador.generation(), List.of(refusal())));
        }
    }

    /** Closes the listeners of a service, or opens them again; not while a reload is under way. */
    CompletableFuture<Void> drain(String service, boolean undo) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        try {
            thread.execute(() -> {
                try {
                    if (undo) {
                        ambassador.undrainService(service);
                    } else {
                        ambassador.drainService(service);
                    }
                    done.complete(null);
                } catch (AmbassadorException | RuntimeException e) {
                    done.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException e) {
            done.completeExceptionally(new AmbassadorException(refusal()));
        }
        return done;
    }

    private String refusal() {
        return thread.isShutdown() ? "The sidecar is stopping." : "Too many changes are waiting.";
    }

    private ReloadOutcome run(String reason, boolean dryRun) {
        LOG.info("{}: {} the configuration.", reason, dryRun ? "checking" : "reloading");
        Reading reading = new Reading(source);
        try {
            ChangePlan plan = dryRun ? ambassador.check(reading) : ambassador.apply(reading);
            List<String> restart = needRestart(reading.configuration());
            restart.forEach(key -> LOG.warn("{} has changed, which takes a restart.", key));
            if (!dryRun) {
                inForce = reading;
                log.accept(reading.configuration().log());
                follow(reading.files());
            }
            return ReloadOutcome.accepted(ambassador.generation(), dryRun, plan, restart);
        } catch (AmbassadorException e) {
            if (!dryRun) {
                Map<Path, Object> either = new LinkedHashMap<>(inForce.files());
                either.putAll(reading.files());
                follow(either);
            }
            List<String> problems = e instanceof ConfigurationException wrong
                    ? wrong.problems()
                    : List.of(String.valueOf(e.getMessage()));
            return ReloadOutcome.rejected(ambassador.generation(), problems);
        }
    }

    private void follow(Map<Path, Object> files) {
        watch.follow(inForce.configuration().watch() ? files : Map.of());
    }

    /** What lasts as long as the process. */
    private List<String> needRestart(Configuration read) {
        List<String> keys = new ArrayList<>();
        if (!Objects.equals(read.admin(), started.admin())) {
            keys.add("admin");
        }
        if (!Objects.equals(read.cacheDirectory(), started.cacheDirectory())) {
            keys.add("discovery.cache-directory");
        }
        if (read.eventLoops() != started.eventLoops()) {
            keys.add("event-loops");
        }
        return keys;
    }

    /** Lets one that is under way end by itself. */
    @Override
    public void close() {
        watch.close();
        thread.shutdown();
    }
}
