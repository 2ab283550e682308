package io.ambassador.launcher;

import io.ambassador.Ambassador;
import io.ambassador.explain.ConnectionRecord;
import io.ambassador.explain.Event;
import io.ambassador.explain.Observer;
import io.ambassador.launcher.admin.AdminServer;
import io.ambassador.launcher.admin.AdminSpec;
import io.ambassador.launcher.admin.EffectiveValue;
import io.ambassador.launcher.admin.Managed;
import io.ambassador.launcher.admin.Metrics;
import io.ambassador.launcher.admin.ReloadOutcome;
import io.ambassador.launcher.child.Child;
import io.ambassador.launcher.child.ChildException;
import io.ambassador.launcher.config.Configuration;
import io.ambassador.launcher.systemd.Systemd;
import io.ambassador.service.ServiceStatus;
import io.ambassador.spi.AmbassadorException;
import io.ambassador.spi.ConfigurationException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One ambassador and its admin address, from start to end of this process. */
final class Sidecar {
    private static final Logger LOG = LoggerFactory.getLogger("ambassador.launcher");
    private static final long FIRST_PAUSE = 10;
    private static final long LAST_PAUSE = 100;
    private static final String READY = "Ready.";

    private final Reading.Source source;
    private final Reading first;
    private final Configuration configuration;
    private final boolean adminRequired;
    private final List<String> application;
    private final RunOptions options;
    private final Stop stop;
    private final long began = System.nanoTime();

    /**
     * Reads what it is to run.
     *
     * @param adminRequired whether an admin address that cannot be bound is a failure to start, even if none was named
     * @param options of the command, some of which win over the configuration
     * @param application to be run beside, with its arguments, whose end is ours; empty for none
     */
    Sidecar(Reading.Source source, boolean adminRequired, RunOptions options, List<String> application)
            throws ConfigurationException {
        this.source = source;
        this.first = new Reading(source);
        this.configuration = first.read();
        AdminSpec wanted = configuration.admin();
        this.adminRequired = adminRequired || (wanted != null && wanted.given());
        this.application = application;
        this.options = options;
        this.stop = new Stop(options.exitZeroOnSigterm());
    }

    /** Runs until it is told to stop. Returns the exit code. */
    int run() throws InterruptedException {
        options.setUpLog(configuration.log());
        configuration.warnings().forEach(LOG::warn);
        stop.onSignals();
        try (Systemd systemd = Systemd.of(System.getenv());
                Metrics metrics = configuration.admin() == null ? null : new Metrics();
                Ambassador ambassador = start(metrics);
                Reloader reloader = new Reloader(source, first, ambassador, options::setUpLog);
                AdminServer admin = metrics == null ? null : admin(ambassador, reloader, systemd, metrics)) {
            stop.onHangUp(() -> reload(ambassador, reloader, systemd, "SIGHUP"));
            systemd.watch(System.getenv(), () -> !ambassador.services().isEmpty()); // the control thread answers
            LOG.atInfo()
                    .addKeyValue("version", Version.current())
                    .addKeyValue("millis", TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began))
                    .addKeyValue("admin", admin == null ? "off" : admin.address())
                    .log("Started.");
            awaitReady(ambassador, systemd);
            int code = application.isEmpty() || stop.isRequested() ? stop.await() : runApplication();
            systemd.stopping(longestDrain(ambassador));
            ambassador.close(); // first of the two, so that probes and metrics are served while it drains
            LOG.info("Stopped.");
            return code;
        } catch (AmbassadorException e) {
            LOG.error("Cannot start: {}", e.getMessage());
            if (e instanceof ChildException child) {
                return child.exitCode();
            }
            return e instanceof ConfigurationException ? Main.EXIT_WRONG : Main.EXIT_FAILED;
        }
    }

    /** Or until it is told to stop. */
    private void awaitReady(Ambassador ambassador, Systemd systemd) throws InterruptedException {
        systemd.status("Waiting for endpoints.");
        for (long pause = FIRST_PAUSE; !ambassador.isReady(); pause = Math.min(pause + 1, LAST_PAUSE)) {
            if (stop.isRequested()) {
                return;
            }
            Thread.sleep(pause);
        }
        for (ServiceStatus service : ambassador.services()) {
            if (service.endpoints().isEmpty()) {
                LOG.warn("{} has no endpoints at its start-up deadline: ready without.", service.name());
            }
        }
        LOG.info("Ready.");
        systemd.ready(READY);
    }

    /** The application finds its services ready, and has them until it has ended. Returns its exit code. */
    private int runApplication() throws InterruptedException, ChildException {
        Child child = Child.start(application);
        stop.passOnTo(child);
        int code = child.await();
        stop.ended(code);
        return code;
    }

    private CompletableFuture<ReloadOutcome> reload(
            Ambassador ambassador, Reloader reloader, Systemd systemd, String reason) {
        if (!ambassador.isReady()) { // systemd is still waiting for the start
            return reloader.reload(reason, false);
        }
        systemd.reloading();
        return reloader.reload(reason, false).whenComplete((outcome, failure) -> systemd.ready(READY));
    }

    /** What systemd is to have patience for, and a little more. */
    private static Duration longestDrain(Ambassador ambassador) {
        return ambassador.specs().stream()
                .map(spec -> spec.onChange().drainTimeout())
                .max(Comparator.naturalOrder())
                .orElse(Duration.ZERO)
                .plusSeconds(5);
    }

    private Ambassador start(@Nullable Metrics metrics) throws AmbassadorException {
        Ambassador.Builder builder = configuration.toBuilder();
        if (metrics != null) {
            builder.meterRegistry(metrics.registry());
        }
        return builder.start();
    }

    private @Nullable AdminServer admin(Ambassador ambassador, Reloader reloader, Systemd systemd, Metrics metrics)
            throws AmbassadorException {
        if (configuration.admin() == null) {
            return null;
        }
        try {
            return AdminServer.start(configuration.admin(), managed(ambassador, reloader, systemd), metrics);
        } catch (AmbassadorException e) {
            if (adminRequired) {
                throw e;
            }
            LOG.warn("Going on without an admin address: {}", e.getMessage());
            return null;
        }
    }

    private Managed managed(Ambassador ambassador, Reloader reloader, Systemd systemd) {
        return new Managed() {
            private volatile boolean draining;

            @Override
            public List<ServiceStatus> services() {
                return ambassador.services();
            }

            @Override
            public List<ConnectionRecord> recentConnections() {
                return ambassador.recentConnections();
            }

            @Override
            public List<Event> recentEvents() {
                return ambassador.recentEvents();
            }

            @Override
            public AutoCloseable observe(Observer observer) {
                return ambassador.observe(observer);
            }

            @Override
            public boolean isReady() {
                return ambassador.isReady();
            }

            @Override
            public boolean isDraining() {
                return draining || stop.isRequested();
            }

            @Override
            public long generation() {
                return ambassador.generation();
            }

            @Override
            public List<EffectiveValue> configuration() {
                return reloader.inForce().effective().get();
            }

            @Override
            public CompletableFuture<ReloadOutcome> reload(boolean dryRun) {
                return dryRun
                        ? reloader.reload("admin", true)
                        : Sidecar.this.reload(ambassador, reloader, systemd, "admin");
            }

            @Override
            public CompletableFuture<Void> drainService(String service, boolean undo) {
                return reloader.drain(service, undo);
            }

            @Override
            public void drainEndpoint(String service, String endpoint, boolean undo) {
                if (undo) {
                    ambassador.undrainEndpoint(service, endpoint);
                } else {
                    ambassador.drainEndpoint(service, endpoint);
                }
            }

            @Override
            public void drain() {
                draining = true;
                if (!stop.isRequested()) { // which drains too, and keeps a second caller waiting
                    ambassador.drain();
                }
            }

            @Override
            public void shutdown() {
                stop.request("shutdown", 0);
            }
        };
    }
}
