package io.ambassador;

import io.ambassador.explain.ConnectionRecord;
import io.ambassador.explain.EndReason;
import io.ambassador.explain.EventKind;
import io.ambassador.explain.Journal;
import io.ambassador.listener.ServiceListener;
import io.ambassador.metrics.MeterGroup;
import io.ambassador.metrics.Meters;
import io.ambassador.service.OnChangeSpec;
import io.ambassador.service.ServiceEnvironment;
import io.ambassador.service.ServiceSpec;
import io.ambassador.service.ServiceStatus;
import io.ambassador.spi.AmbassadorException;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.Configured;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.ProbeProvider;
import io.ambassador.transport.DirectMemory;
import io.ambassador.transport.Transport;
import io.ambassador.upstream.EndpointTrial;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Everything that runs: event loops, the control thread, services and their listeners. */
final class Engine {
    /**
     * What runs now.
     *
     * @param generation counts the sets of services that there have been, from 1; 0 before the first
     * @param services by name, in the order they were described
     */
    private record Running(long generation, Map<String, ServiceUnit> services) {
        List<ServiceSpec> specs() {
            return services.values().stream().map(ServiceUnit::spec).toList();
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger("ambassador");

    private static final Duration POLL = Duration.ofMillis(20);
    private static final Duration LOOK = Duration.ofSeconds(1);

    private final Transport transport;
    private final ScheduledExecutorService control = executor("ambassador-control");
    private final ScheduledExecutorService worker = executor("ambassador-worker");
    private final ExecutorService secretReads =
            Executors.newCachedThreadPool(new DefaultThreadFactory("ambassador-secret", true));
    private final Journal journal = new Journal();
    private final ServiceEnvironment environment;
    private final Listeners listeners;

    /** Held for a whole change, which may take seconds; the monitor of this object only for the moment of the swap. */
    private final ReentrantLock changing = new ReentrantLock();

    /** Services that nobody asks for any more, while their last connections are ending. */
    private final Map<String, ServiceUnit> leaving = new ConcurrentHashMap<>();

    private final MeterGroup meters;
    private volatile Running running = new Running(0, Map.of());
    private @Nullable CompletableFuture<Void> drained;
    private boolean closed;
    private volatile boolean wasReady;

    Engine(int eventLoops, MeterRegistry registry, @Nullable Path cacheDirectory, Duration absentHold) {
        this.transport = Transport.start(eventLoops);
        this.environment =
                new ServiceEnvironment(control, worker, secretReads, registry, cacheDirectory, absentHold, journal);
        this.listeners = new Listeners(transport);
        this.meters = new MeterGroup(registry);
    }

    /** Sets up every service, binds every listener, begins discovery; whoever calls closes after a failure. */
    void start(List<ServiceSpec> specs) throws AmbassadorException {
        change(specs);
        registerMeters();
        journal.tell(
                EventKind.STARTED,
                "",
                specs.size() + " services, " + listeners.bound().size() + " listeners");
        LOG.info(
                "started with {}, {} services, {} listeners",
                transport.name(),
                specs.size(),
                listeners.bound().size());
    }

    List<ServiceSpec> specs() {
        return running.specs();
    }

    /** See {@link EndpointTrial}. */
    CompletableFuture<EndpointTrial.Result> tryOut(
            String name, Configured<ProbeProvider<?>> probe, Endpoint endpoint, boolean logsIn) {
        ServiceUnit unit = Objects.requireNonNull(running.services().get(name), name);
        return EndpointTrial.run(unit.service(), unit.connector(), transport, probe, endpoint, logsIn);
    }

    /** Why a service has no endpoint; empty if it has one. */
    String absence(String name) {
        return Objects.requireNonNull(running.services().get(name), name)
                .service()
                .pool()
                .snapshot()
                .reason();
    }

    long generation() {
        return running.generation();
    }

    ChangePlan plan(List<ServiceSpec> wanted) {
        Running now = running;
        return ChangePlan.between(now.generation(), now.specs(), wanted);
    }

    /** All of it or nothing. Blocks for some seconds at most. */
    ChangePlan apply(Ambassador.Wanted wanted) throws AmbassadorException {
        changing.lock();
        try {
            List<ServiceSpec> specs = wanted.services();
            ChangePlan plan = plan(specs);
            if (!plan.isEmpty()) {
                change(specs);
            }
            LOG.info("configuration {} is in force: {}", generation(), plan);
            count(plan.isEmpty() ? "unchanged" : "applied");
            if (!plan.isEmpty()) {
                journal.tell(EventKind.CONFIG_APPLIED, Long.toString(generation()), plan.toString());
            }
            return plan;
        } catch (AmbassadorException e) {
            List<String> problems = e instanceof ConfigurationException wrong
                    ? wrong.problems()
                    : List.of(String.valueOf(e.getMessage()));
            problems.forEach(problem -> LOG.warn("rejected, configuration {} stays: {}", generation(), problem));
            count("rejected");
            journal.tell(EventKind.CONFIG_REJECTED, Long.toString(generation()), String.join("; ", problems));
            throw e;
        } finally {
            changing.unlock();
        }
    }

    /** Finds out whether {@link #apply} would succeed now, and changes nothing. */
    ChangePlan check(Ambassador.Wanted wanted) throws AmbassadorException {
        changing.lock();
        try {
            List<ServiceSpec> specs = wanted.services();
            prepare(specs).abandon();
            return plan(specs);
        } finally {
            changing.unlock();
        }
    }

    private void count(String result) {
        meters.count(Meters.CONFIG_CHANGES, result);
    }

    private void registerMeters() {
        meters.gauge(Meters.BUILD_INFO, () -> 1, "version", version());
        meters.gauge(Meters.CONFIG_GENERATION, () -> running.generation());
        List<EventLoop> loops = transport.loops();
        for (int i = 0; i < loops.size(); i++) {
            EventLoop loop = loops.get(i);
            meters.gauge(Meters.LOOP_TASKS, () -> Transport.waitingTasks(loop), "loop", Integer.toString(i));
        }
        meters.gauge(Meters.DIRECT_MEMORY_USED, DirectMemory::used);
        meters.gauge(Meters.DIRECT_MEMORY_MAX, DirectMemory::max);
    }

    private void change(List<ServiceSpec> wanted) throws AmbassadorException {
        Change change = prepare(wanted);
        boolean committed = false;
        try {
            change.makeRoom();
            committed = commit(change);
        } finally {
            if (!committed) {
                change.abandon();
            }
        }
        if (!committed) {
            throw ending();
        }
    }

    private Change prepare(List<ServiceSpec> wanted) throws AmbassadorException {
        Running now = running;
        Change change = new Change(now.services(), listeners, transport, environment, now.generation() == 0);
        try {
            change.prepare(wanted, leaving::get);
        } catch (RejectedExecutionException e) {
            throw ending();
        }
        return change;
    }

    /** Returns whether it was done: the end may have come meanwhile. */
    private synchronized boolean commit(Change change) throws AmbassadorException {
        if (closed || drained != null) {
            return false;
        }
        Running next = new Running(running.generation() + 1, change.wanted());
        onControl(() -> {
            change.commit();
            change.wanted().keySet().forEach(leaving::remove);
            change.removed().forEach(this::dismiss);
            running = next;
            return true;
        });
        change.finish();
        return true;
    }

    /** Its connections are ended as those of an endpoint that is removed. Control thread. */
    private void dismiss(ServiceUnit unit) {
        leaving.put(unit.spec().name(), unit);
        OnChangeSpec onChange = unit.spec().onChange();
        long patience = switch (onChange.removed()) {
            case CLOSE -> 0;
            case DRAIN -> onChange.drainTimeout().toNanos();
            case KEEP -> Long.MAX_VALUE / 2;
        };
        forgetWhenUnused(unit, System.nanoTime() + patience);
    }

    private void forgetWhenUnused(ServiceUnit unit, long deadline) {
        if (!unit.equals(leaving.get(unit.spec().name()))) {
            return; // it was asked for again
        }
        if (System.nanoTime() - deadline >= 0) {
            unit.service().endRelayed(EndReason.REMOVED);
        }
        // A change that is being prepared may be about to use it again.
        if (unit.service().active() == 0 && changing.tryLock()) {
            try {
                leaving.remove(unit.spec().name());
                unit.service().close();
                return;
            } finally {
                changing.unlock();
            }
        }
        try {
            control.schedule(() -> forgetWhenUnused(unit, deadline), LOOK.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("Not scheduled: the ambassador is shutting down.");
        }
    }

    List<SocketAddress> addresses(String service) {
        return listeners.addresses(unit(service));
    }

    private ServiceUnit unit(String service) {
        Map<String, ServiceUnit> services = running.services();
        ServiceUnit unit = services.get(service);
        if (unit == null) {
            throw new IllegalArgumentException("service: " + service + " (known: " + services.keySet() + ")");
        }
        return unit;
    }

    /** Closes the listeners of one service; its connections go on. */
    void drainService(String name) {
        changing.lock();
        try {
            ServiceUnit unit = unit(name);
            if (!unit.service().isDrained()) {
                unit.service().drained(true);
                Listeners.places(unit.spec()).forEach(listeners::close);
            }
        } finally {
            changing.unlock();
        }
    }

    /**
     * Opens them again.
     *
     * @throws AmbassadorException if one cannot be bound: then all stay closed
     */
    void undrainService(String name) throws AmbassadorException {
        changing.lock();
        try {
            ServiceUnit unit = unit(name);
            if (!unit.service().isDrained()) {
                return;
            }
            Map<Listeners.Place, ServiceListener> opening = bind(unit);
            unit.service().drained(false);
            opening.forEach(listeners::add);
        } finally {
            changing.unlock();
        }
    }

    private Map<Listeners.Place, ServiceListener> bind(ServiceUnit unit) throws AmbassadorException {
        Map<Listeners.Place, ServiceListener> bound = new LinkedHashMap<>();
        boolean complete = false;
        try {
            for (Listeners.Place place : Listeners.places(unit.spec())) {
                bound.put(place, listeners.bind(place, unit));
            }
            complete = true;
            return bound;
        } finally {
            if (!complete) {
                bound.values().forEach(ServiceListener::close);
            }
        }
    }

    /** Keeps new connections from one endpoint, or no longer. */
    void drainEndpoint(String service, String address, boolean taken) {
        ServiceUnit unit = unit(service);
        if (!onControl(() -> unit.service().drainEndpoint(address, taken))) {
            throw new IllegalArgumentException("endpoint: " + address + " is not known to service " + service);
        }
    }

    private static AmbassadorException ending() {
        return new AmbassadorException("The ambassador is draining or closed: nothing can be changed any more.");
    }

    /** Newest first. */
    List<ConnectionRecord> recentConnections() {
        return all().stream()
                .flatMap(unit -> unit.service().journal().connections().stream())
                .sorted(Comparator.comparing(ConnectionRecord::endedAt).reversed())
                .toList();
    }

    Journal journal() {
        return journal;
    }

    /** Once it is, it stays so: a service that a change adds does not take the others away from their clients. */
    boolean isReady() {
        if (!wasReady) {
            wasReady = running.services().values().stream()
                    .allMatch(unit -> unit.service().isReady());
        }
        return wasReady;
    }

    List<ServiceStatus> status() {
        return onControl(() -> {
            List<ServiceStatus> status = new ArrayList<>();
            for (ServiceUnit unit : running.services().values()) {
                status.add(unit.service().status(listeners.addresses(unit)));
            }
            return status;
        });
    }

    synchronized CompletableFuture<Void> drain() {
        if (drained == null) {
            drained = new CompletableFuture<>();
            journal.tell(EventKind.DRAINING, "", "");
            listeners.close();
            running.services().values().forEach(ServiceUnit::closeWarm);
            completeWhenIdle(drained);
        }
        return drained.copy();
    }

    synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        drain();
        Draining.await(all().stream().map(ServiceUnit::service).toList(), control);
        release();
    }

    /** Frees everything at once; what is still open is cut. */
    void release() {
        meters.remove();
        listeners.close();
        running.services().values().forEach(ServiceUnit::closeWarm);
        transport.close();
        try {
            onControl(() -> {
                running.services().values().forEach(unit -> unit.end(null));
                all().forEach(unit -> unit.service().close());
                return true;
            });
        } finally {
            stop(control);
            stop(worker);
            secretReads.shutdownNow(); // not waited for: a read may hang for as long as its store does
        }
    }

    /** The services that run, and those whose last connections are ending. */
    private Collection<ServiceUnit> all() {
        return Stream.concat(running.services().values().stream(), leaving.values().stream())
                .toList();
    }

    private long open() {
        return all().stream().mapToLong(unit -> unit.service().active()).sum();
    }

    private void completeWhenIdle(CompletableFuture<Void> idle) {
        if (open() == 0) {
            idle.complete(null);
            return;
        }
        try {
            control.schedule(() -> completeWhenIdle(idle), POLL.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            idle.complete(null); // closed meanwhile: nothing is open any more
        }
    }

    /** @throws IllegalStateException if the task fails, or has not begun within 5 s, and so never will */
    private <T> T onControl(Callable<T> task) {
        AtomicBoolean claimed = new AtomicBoolean();
        Callable<T> unlessLate = () -> {
            if (!claimed.compareAndSet(false, true)) {
                throw new CancellationException();
            }
            return task.call();
        };
        try {
            Future<T> result = control.submit(unlessLate);
            try {
                return result.get(5, TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                if (claimed.compareAndSet(false, true)) {
                    throw e;
                }
                return result.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (ExecutionException | TimeoutException | RejectedExecutionException e) {
            throw new IllegalStateException("The control thread did not answer.", e);
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
