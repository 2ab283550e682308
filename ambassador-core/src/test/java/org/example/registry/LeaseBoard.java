package org.example.registry;

import io.ambassador.spi.discovery.DiscoveryException;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.spi.registry.ServiceInstance;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** A registry's server in miniature: keeps each instance until its lease ends, and forgets all when it stops. */
final class LeaseBoard {
    private record Name(String service, String id) {}

    private record Lease(Endpoint endpoint, Object owner, long until) {}

    private final Map<Name, Lease> leases = new HashMap<>();
    private final Duration timeToLive;
    private boolean running = true;

    LeaseBoard(Duration timeToLive) {
        this.timeToLive = timeToLive;
    }

    Duration timeToLive() {
        return timeToLive;
    }

    /** @return whether the server answered */
    synchronized boolean renew(ServiceInstance instance, Object owner) {
        if (running) {
            long until = System.nanoTime() + timeToLive.toNanos();
            leases.put(new Name(instance.service(), instance.id()), new Lease(instance.endpoint(), owner, until));
        }
        return running;
    }

    synchronized void withdraw(ServiceInstance instance, Object owner) {
        leases.computeIfPresent(
                new Name(instance.service(), instance.id()), (name, lease) -> lease.owner() == owner ? null : lease);
    }

    synchronized void stop() {
        running = false;
        leases.clear();
    }

    synchronized void start() {
        running = true;
    }

    /** Looks each 10 ms. */
    EndpointSource source(String service, ScheduledExecutorService scheduler) {
        return listener -> {
            EndpointState[] last = new EndpointState[1];
            Future<?> looking = scheduler.scheduleWithFixedDelay(
                    () -> {
                        EndpointState now = look(service);
                        if (!sameAs(last[0], now)) {
                            last[0] = now;
                            listener.onState(now);
                        }
                    },
                    0,
                    10,
                    TimeUnit.MILLISECONDS);
            return () -> looking.cancel(false);
        };
    }

    private static boolean sameAs(EndpointState last, EndpointState now) {
        return Objects.equals(last, now)
                || last instanceof EndpointState.Unreachable && now instanceof EndpointState.Unreachable;
    }

    private synchronized EndpointState look(String service) {
        if (!running) {
            return new EndpointState.Unreachable(new DiscoveryException("The board does not answer."));
        }
        long now = System.nanoTime();
        leases.values().removeIf(lease -> lease.until() - now < 0);
        Set<Endpoint> found = leases.entrySet().stream()
                .filter(entry -> entry.getKey().service().equals(service))
                .map(entry -> entry.getValue().endpoint())
                .collect(Collectors.toSet());
        return new EndpointState.Known(found);
    }
}
