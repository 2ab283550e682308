package io.ambassador;

import io.ambassador.explain.ConnectionRecord;
import io.ambassador.explain.Event;
import io.ambassador.explain.Journal;
import io.ambassador.explain.Observer;
import io.ambassador.service.Catalog;
import io.ambassador.service.ServiceSpec;
import io.ambassador.service.ServiceStatus;
import io.ambassador.spi.AmbassadorException;
import io.ambassador.spi.ConfigurationException;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A running ambassador: its listeners stand in for services until it is closed. Thread-safe. */
public final class Ambassador implements AutoCloseable {
    private final Engine engine;

    private Ambassador(Engine engine) {
        this.engine = engine;
    }

    public static Builder builder() {
        return new Builder();
    }

    /**
     * Where to dial for {@code service}: its first TCP listener.
     *
     * @throws IllegalArgumentException if there is no such service, or it has no TCP listener
     */
    public InetSocketAddress address(String service) {
        for (SocketAddress address : addresses(service)) {
            if (address instanceof InetSocketAddress inet) {
                return inet;
            }
        }
        throw new IllegalArgumentException("service: " + service + " has no TCP listener");
    }

    /** Every address that {@code service} is bound to. */
    public List<SocketAddress> addresses(String service) {
        return engine.addresses(service);
    }

    /** Whether each service has had endpoints, or its start-up deadline has passed; stays so. */
    public boolean isReady() {
        return engine.isReady();
    }

    /** Each service as it stands, in the order they were described. */
    public List<ServiceStatus> services() {
        return engine.status();
    }

    /** What runs, in the order it was described. */
    public List<ServiceSpec> specs() {
        return engine.specs();
    }

    /** Counts the sets of services that have been in force, from 1. */
    public long generation() {
        return engine.generation();
    }

    /** What {@link #apply} would change. Looks at nothing but the descriptions. */
    public ChangePlan plan(List<ServiceSpec> wanted) {
        return engine.plan(wanted);
    }

    /**
     * Finds out whether {@link #apply} would succeed now: makes everything, binds every port, reads every secret and
     * certificate, and lets all of it go again. Blocks for some seconds at most.
     *
     * @throws AmbassadorException with everything that is wrong
     */
    public ChangePlan check(Wanted wanted) throws AmbassadorException {
        return engine.check(wanted);
    }

    /**
     * Runs what is wanted instead of what runs now: all of it, or nothing. A service whose spec is equal to what it was
     * goes on untouched. One that is described otherwise keeps its sockets, endpoints, connections and counts: what is
     * new is for connections to come. One that is no longer there stops accepting, and its connections end as
     * {@code on-change.removed} has it. Blocks for some seconds at most.
     *
     * @return what has changed
     * @throws AmbassadorException with everything that is wrong; what runs has not been touched
     */
    public ChangePlan apply(Wanted wanted) throws AmbassadorException {
        return engine.apply(wanted);
    }

    /** The same with services that are at hand. */
    public ChangePlan apply(List<ServiceSpec> wanted) throws AmbassadorException {
        return engine.apply(() -> wanted);
    }

    /**
     * Closes the listeners of one service, until {@link #undrainService}. Its connections go on, and so do discovery and
     * probes. It stays so when it is described otherwise.
     *
     * @throws IllegalArgumentException if there is no such service
     */
    public void drainService(String name) {
        engine.drainService(name);
    }

    /**
     * Opens them again.
     *
     * @throws AmbassadorException if one cannot be bound; then all stay closed
     * @throws IllegalArgumentException if there is no such service
     */
    public void undrainService(String name) throws AmbassadorException {
        engine.undrainService(name);
    }

    /**
     * Keeps new connections from one endpoint, until {@link #undrainEndpoint}, even if discovery takes it away and
     * brings it back meanwhile. Open connections stay.
     *
     * @param address {@code host:port}
     * @throws IllegalArgumentException if there is no such service or endpoint
     */
    public void drainEndpoint(String service, String address) {
        engine.drainEndpoint(service, address, true);
    }

    /** Lets new connections go there again. */
    public void undrainEndpoint(String service, String address) {
        engine.drainEndpoint(service, address, false);
    }

    /** Describes a service to {@link #apply}. */
    public static ServiceSpec describe(String name, Builder.Definition definition) throws ConfigurationException {
        ServiceBuilder service = new ServiceBuilder(name, Catalog.load());
        definition.define(service);
        return service.build();
    }

    /** How the last connections went and why they ended: up to 128 of each service, newest first. */
    public List<ConnectionRecord> recentConnections() {
        return engine.recentConnections();
    }

    /** What changed lately: up to 512 events, oldest first. */
    public List<Event> recentEvents() {
        return engine.journal().events();
    }

    /** Tells {@code observer} from now on, until what is returned is closed. */
    public Observation observe(Observer observer) {
        Journal journal = engine.journal();
        journal.observe(observer);
        return () -> journal.forget(observer);
    }

    /** Ends when it is closed; a call that has begun by then goes on. */
    public interface Observation extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Stops accepting; completes when the last connection has ended. Calling again gives the same stage.
     */
    public CompletionStage<Void> drain() {
        return engine.drain();
    }

    /**
     * Stops accepting, waits for connections to end for each service's drain timeout, closes what is left and frees
     * every port and thread. Blocks; may be called twice.
     */
    @Override
    public void close() {
        engine.close();
    }

    /** Every service that is to run. */
    public interface Wanted {
        /**
         * Called when it is this change's turn; what is wrong here rejects it as anything else does.
         *
         * @throws ConfigurationException with everything that is wrong
         */
        List<ServiceSpec> services() throws ConfigurationException;
    }

    /** Describes an ambassador. Not thread-safe. */
    public static final class Builder {
        /** Describes a service. */
        public interface Definition {
            void define(ServiceBuilder service) throws ConfigurationException;
        }

        private final List<ServiceSpec> services = new ArrayList<>();
        private final List<Observer> observers = new ArrayList<>();
        private @Nullable Catalog catalog;
        private @Nullable MeterRegistry meterRegistry;
        private @Nullable Path cacheDirectory;
        private Duration absentHold = Duration.ofSeconds(30);
        private int eventLoops;

        private Builder() {}

        public Builder service(String name, Definition definition) throws ConfigurationException {
            if (catalog == null) {
                catalog = Catalog.load();
            }
            ServiceBuilder service = new ServiceBuilder(name, catalog);
            definition.define(service);
            return service(service.build());
        }

        public Builder service(ServiceSpec spec) {
            services.add(spec);
            return this;
        }

        /** Tells {@code observer} of every connection and event, from the start on. */
        public Builder observe(Observer observer) {
            observers.add(observer);
            return this;
        }

        /** Where meters go; default: a registry of its own that nobody reads. The caller closes it. */
        public Builder meterRegistry(MeterRegistry registry) {
            meterRegistry = registry;
            return this;
        }

        /** Keeps the last known endpoints here across restarts; default: not at all. */
        public Builder cacheDirectory(Path directory) {
            cacheDirectory = directory;
            return this;
        }

        /**
         * How long an answer that a service has no endpoints is held, after it had some, before it is believed;
         * default 30 s.
         */
        public Builder absentHold(Duration hold) {
            absentHold = hold;
            return this;
        }

        /** Threads that relay; default: half the processors, at least 1 and at most 4. */
        public Builder eventLoops(int threads) {
            eventLoops = threads;
            return this;
        }

        /**
         * Tries each service out, one after the other: finds its endpoints, connects to them, logs in once at each, and
         * stops logging in when the credentials are refused. Binds nothing. Blocks.
         *
         * @param patience with each service's discovery; connections have the service's own limits
         */
        public List<ServiceReport> check(Duration patience) throws InterruptedException {
            List<ServiceReport> reports = new ArrayList<>();
            for (ServiceSpec spec : services) {
                reports.add(ServiceCheck.run(spec, patience));
            }
            return reports;
        }

        /**
         * Binds every listener and begins discovery.
         *
         * @throws AmbassadorException if a port cannot be bound or a service cannot be set up; everything is released
         */
        public Ambassador start() throws AmbassadorException {
            int loops = eventLoops > 0
                    ? eventLoops
                    : Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors() / 2));
            Engine engine = new Engine(
                    loops,
                    meterRegistry == null ? new CompositeMeterRegistry() : meterRegistry,
                    cacheDirectory,
                    absentHold);
            observers.forEach(engine.journal()::observe);
            boolean started = false;
            try {
                engine.start(services);
                started = true;
            } finally {
                if (!started) {
                    engine.release();
                }
            }
            return new Ambassador(engine);
        }
    }
}
