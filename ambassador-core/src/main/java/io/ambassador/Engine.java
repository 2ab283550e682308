package io.ambassador;

import io.ambassador.explain.ConnectionRecord;
import io.ambassador.explain.EndReason;
import io.ambassador.explain.EventKind;
import io.ambassador.explain.Journal;
import io.ambassador.health.HealthMonitor;
import io.ambassador.listener.AcceptGate;
import io.ambassador.listener.ServiceListener;
import io.ambassador.metrics.Meters;
import io.ambassador.service.ClientTlsSpec;
import io.ambassador.service.ListenAddress;
import io.ambassador.service.PooledEndpoint;
import io.ambassador.service.Service;
import io.ambassador.service.ServiceSpec;
import io.ambassador.service.ServiceStatus;
import io.ambassador.service.TlsSpec;
import io.ambassador.spi.AmbassadorException;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.Configured;
import io.ambassador.spi.protocol.ProbeProvider;
import io.ambassador.spi.protocol.Protocol;
import io.ambassador.spi.routing.Route;
import io.ambassador.transport.ListenerTls;
import io.ambassador.transport.TlsContexts;
import io.ambassador.transport.Transport;
import io.ambassador.upstream.Connector;
import io.ambassador.upstream.EndpointProber;
import io.ambassador.upstream.Gateway;
import io.ambassador.upstream.WarmPool;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Everything that runs: event loops, the control thread, services and their listeners. */
final class Engine {
    private static final Logger LOG = LoggerFactory.getLogger("ambassador");

    /** After this the process counts as ready even if a source has never answered. */
    private static final Duration STARTUP_DEADLINE = Duration.ofSeconds(10);

    private static final Duration CERTIFICATE_INTERVAL = Duration.ofSeconds(2);
    private static final Duration POLL = Duration.ofMillis(20);

    private final Transport transport;
    private final ScheduledExecutorService control = executor("ambassador-control");
    private final ScheduledExecutorService worker = executor("ambassador-worker");
    private final ExecutorService secretReads =
            Executors.newCachedThreadPool(new DefaultThreadFactory("ambassador-secret", true));
    private final MeterRegistry registry;
    private final Journal journal = new Journal();
    private final Map<String, Service> services = new LinkedHashMap<>();
    private final List<ServiceListener> listeners = new ArrayList<>();
    private final List<TlsContexts> certificates = new ArrayList<>();
    private final List<WarmPool> warmPools = new ArrayList<>();
    private final List<ListenerTls> clientCertificates = new ArrayList<>();
    private final long startedAt = System.nanoTime();
    private @Nullable CompletableFuture<Void> drained;
    private boolean closed;

    Engine(int eventLoops, MeterRegistry registry) {
        this.transport = Transport.start(eventLoops);
        this.registry = registry;
    }

    /** Sets up every service, binds every listener, begins discovery; whoever calls closes after a failure. */
    void start(List<ServiceSpec> specs, @Nullable Path cacheDirectory, Duration absentHold) throws AmbassadorException {
        Map<String, Gateway> gateways = new LinkedHashMap<>();
        for (ServiceSpec spec : specs) {
            if (services.containsKey(spec.name())) {
                throw new ConfigurationException("services." + spec.name() + ": is described twice");
            }
            Service service =
                    new Service(spec, control, worker, secretReads, registry, cacheDirectory, absentHold, journal);
            services.put(spec.name(), service);
            Connector connector =
                    new Connector(transport, spec, tls(spec), service.protocol().negotiatesTls());
            gateways.put(
                    spec.name(),
                    new Gateway(service, connector, clientTls(spec, service.protocol()), warm(service, connector)));
            Configured<ProbeProvider<?>> probe = spec.health().probe();
            if (probe != null) {
                service.pool()
                        .observe(new HealthMonitor(
                                service.pool(),
                                new EndpointProber(service, connector, transport, probe),
                                spec.health().interval(),
                                control));
            }
        }
        AcceptGate gate = AcceptGate.ofProcess();
        for (Service service : services.values()) {
            Route route = new Route(service.name(), "listener");
            for (ListenAddress address : service.spec().listen()) {
                Gateway gateway = gateways.get(service.name());
                if (gateway != null) {
                    listeners.add(ServiceListener.bind(transport, address, request -> route, gateway, gate));
                }
            }
        }
        services.values().forEach(Service::readSecrets);
        services.values().forEach(Service::start);
        warmPools.forEach(WarmPool::start);
        Gauge.builder(Meters.BUILD_INFO.meterName(), () -> 1)
                .description(Meters.BUILD_INFO.description())
                .tag("version", version())
                .register(registry);
        journal.tell(EventKind.STARTED, "", services.size() + " services, " + listeners.size() + " listeners");
        LOG.info("started with {}, {} services, {} listeners", transport.name(), services.size(), listeners.size());
    }

    private @Nullable TlsContexts tls(ServiceSpec spec) throws ConfigurationException {
        TlsSpec tls = spec.tls();
        if (tls == null) {
            return null;
        }
        TlsContexts contexts = TlsContexts.load(
                "services." + spec.name() + ".tls",
                tls.serverName(),
                tls.ca(),
                tls.certificate(),
                tls.key(),
                CERTIFICATE_INTERVAL,
                worker);
        certificates.add(contexts);
        return contexts;
    }

    private @Nullable WarmPool warm(Service service, Connector connector) {
        if (service.spec().limits().prewarm() == 0) {
            return null;
        }
        WarmPool pool = new WarmPool(service, connector, transport.loops(), registry);
        warmPools.add(pool);
        return pool;
    }

    private @Nullable ListenerTls clientTls(ServiceSpec spec, Protocol protocol) throws ConfigurationException {
        ClientTlsSpec tls = spec.clientTls();
        if (tls == null) {
            return null;
        }
        ListenerTls loaded = ListenerTls.load(
                "services." + spec.name() + ".client-tls",
                tls.certificate(),
                tls.key(),
                tls.clientCa(),
                protocol.applicationProtocols(),
                CERTIFICATE_INTERVAL,
                worker);
        clientCertificates.add(loaded);
        return loaded;
    }

    List<SocketAddress> addresses(String service) {
        if (!services.containsKey(service)) {
            throw new IllegalArgumentException("service: " + service + " (known: " + services.keySet() + ")");
        }
        List<SocketAddress> addresses = new ArrayList<>();
        synchronized (listeners) {
            for (ServiceListener listener : listeners) {
                if (listener.service().equals(service)) {
                    addresses.add(listener.address());
                }
            }
        }
        return addresses;
    }

    /** Newest first. */
    List<ConnectionRecord> recentConnections() {
        return services.values().stream()
                .flatMap(service -> service.journal().connections().stream())
                .sorted(Comparator.comparing(ConnectionRecord::endedAt).reversed())
                .toList();
    }

    Journal journal() {
        return journal;
    }

    boolean isReady() {
        return System.nanoTime() - startedAt > STARTUP_DEADLINE.toNanos()
                || services.values().stream().allMatch(Service::isReady);
    }

    List<ServiceStatus> status() {
        return onControl(() -> {
            List<ServiceStatus> status = new ArrayList<>();
            for (Service service : services.values()) {
                status.add(service.status(addresses(service.name())));
            }
            return status;
        });
    }

    synchronized CompletableFuture<Void> drain() {
        if (drained == null) {
            drained = new CompletableFuture<>();
            journal.tell(EventKind.DRAINING, "", "");
            closeListeners();
            warmPools.forEach(WarmPool::close);
            completeWhenIdle(drained);
        }
        return drained.copy();
    }

    synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        Duration patience = Duration.ZERO;
        for (Service service : services.values()) {
            Duration timeout = service.spec().onChange().drainTimeout();
            patience = timeout.compareTo(patience) > 0 ? timeout : patience;
        }
        if (!await(drain(), patience)) {
            long left = services.values().stream().mapToLong(Service::active).sum();
            LOG.warn("{} connections are still open at the drain timeout: closed", left);
            endConnections();
        }
        release();
    }

    /** Frees everything at once; what is still open is cut. */
    void release() {
        closeListeners();
        warmPools.forEach(WarmPool::close);
        transport.close();
        certificates.forEach(TlsContexts::close);
        clientCertificates.forEach(ListenerTls::close);
        try {
            onControl(() -> {
                services.values().forEach(Service::close);
                return true;
            });
        } finally {
            stop(control);
            stop(worker);
            secretReads.shutdownNow(); // not waited for: a read may hang for as long as its store does
        }
    }

    private void endConnections() {
        for (Service service : services.values()) {
            for (PooledEndpoint endpoint : service.pool().endpoints()) {
                endpoint.end(EndReason.SHUTDOWN);
            }
        }
        CompletableFuture<Void> ended = new CompletableFuture<>();
        completeWhenIdle(ended);
        await(ended, Duration.ofSeconds(1));
    }

    private void closeListeners() {
        synchronized (listeners) {
            listeners.forEach(ServiceListener::close);
            listeners.clear();
        }
    }

    private void completeWhenIdle(CompletableFuture<Void> idle) {
        if (services.values().stream().allMatch(service -> service.active() == 0)) {
            idle.complete(null);
            return;
        }
        try {
            control.schedule(() -> completeWhenIdle(idle), POLL.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            idle.complete(null); // closed meanwhile: nothing is open any more
        }
    }

    private <T> T onControl(Callable<T> task) {
        try {
            return control.submit(task).get(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (ExecutionException | TimeoutException | RejectedExecutionException e) {
            throw new IllegalStateException("The control thread did not answer.", e);
        }
    }

    private static boolean await(CompletableFuture<Void> future, Duration patience) {
        try {
            future.get(patience.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    private static ScheduledExecutorService executor(String name) {
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, new DefaultThreadFactory(name, true));
        executor.setRemoveOnCancelPolicy(true);
        return executor;
    }

    private static void stop(ScheduledExecutorService executor) {
        executor.shutdownNow();
        try {
            if (!executor.awaitTermination(5, TimeUnit.SECONDS)) {
                LOG.warn("A thread is still busy after 5 s.");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String version() {
        String version = Engine.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
