package io.ambassador.launcher;

import io.ambassador.Ambassador;
import io.ambassador.ChangePlan;
import io.ambassador.launcher.admin.ReloadOutcome;
import io.ambassador.launcher.config.Configuration;
import io.ambassador.launcher.config.LogSettings;
import io.ambassador.service.ServiceSpec;
import io.ambassador.spi.AmbassadorException;
import io.ambassador.spi.ConfigurationException;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.ArrayList;
import java.util.List;
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
 * meanwhile.
 */
final class Reloader implements AutoCloseable {
    /** Where the configuration comes from, each time anew. */
    interface Source {
        Configuration read() throws ConfigurationException;
    }

    private static final Logger LOG = LoggerFactory.getLogger("ambassador.launcher");
    private static final int MAX_WAITING = 16;

    private final Source source;
    private final Configuration started;
    private final Ambassador ambassador;
    private final Consumer<LogSettings> log;
    private final ThreadPoolExecutor thread = new ThreadPoolExecutor(
            1,
            1,
            5,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_WAITING),
            new DefaultThreadFactory("ambassador-reload", true));

    /**
     * @param started what the process was started with, parts of which last as long as it does
     * @param log applies what a configuration says of it
     */
    Reloader(Source source, Configuration started, Ambassador ambassador, Consumer<LogSettings> log) {
        this.source = source;
        this.started = started;
        this.ambassador = ambassador;
        this.log = log;
        thread.allowCoreThreadTimeOut(true);
    }

    /** @param dryRun to find out what would happen */
    CompletableFuture<ReloadOutcome> reload(String reason, boolean dryRun) {
        try {
            return CompletableFuture.supplyAsync(() -> run(reason, dryRun), thread);
        } catch (RejectedExecutionException e) {
            String problem = thread.isShutdown() ? "The sidecar is stopping." : "Too many reloads are waiting.";
            return CompletableFuture.completedFuture(ReloadOutcome.rejected(ambassador.generation(), List.of(problem)));
        }
    }

    private ReloadOutcome run(String reason, boolean dryRun) {
        LOG.info("{}: {} the configuration.", reason, dryRun ? "checking" : "reloading");
        Reading reading = new Reading();
        try {
            ChangePlan plan = dryRun ? ambassador.check(reading) : ambassador.apply(reading);
            List<String> restart = needRestart(reading.configuration);
            if (!dryRun) {
                log.accept(reading.configuration.log());
            }
            restart.forEach(key -> LOG.warn("{} has changed, which takes a restart.", key));
            return ReloadOutcome.accepted(ambassador.generation(), dryRun, plan, restart);
        } catch (ConfigurationException e) {
            return ReloadOutcome.rejected(ambassador.generation(), e.problems());
        } catch (AmbassadorException e) {
            return ReloadOutcome.rejected(ambassador.generation(), List.of(String.valueOf(e.getMessage())));
        }
    }

    private final class Reading implements Ambassador.Wanted {
        private Configuration configuration = started;

        @Override
        public List<ServiceSpec> services() throws ConfigurationException {
            configuration = source.read();
            configuration.warnings().forEach(LOG::warn);
            return configuration.services();
        }
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
        thread.shutdown();
    }
}
