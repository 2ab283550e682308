package io.ambassador.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** The meters of one endpoint, or those of one service that have no endpoint; removed with it. Thread-safe. */
public final class EndpointMeters {
    private final MeterRegistry registry;
    private final Tags tags;
    private final Timer connect;
    private final Timer login;
    private final Map<String, Counter> closed = new ConcurrentHashMap<>();
    private final List<Meter> registered = new ArrayList<>();
    private volatile boolean removed;

    /** @param endpoint its address; empty for connections that reached none */
    public EndpointMeters(MeterRegistry registry, String service, String endpoint) {
        this.registry = registry;
        this.tags = Tags.of("service", service, "endpoint", endpoint);
        this.connect = keep(Timer.builder(Meters.CONNECT.meterName())
                .description(Meters.CONNECT.description())
                .tags(tags)
                .register(registry));
        this.login = keep(Timer.builder(Meters.LOGIN.meterName())
                .description(Meters.LOGIN.description())
                .tags(tags)
                .register(registry));
    }

    /** Registers figures that {@code owner} keeps itself. */
    public <T> void watch(T owner, Supplier<Number> active, ToDoubleFunction<T> opened) {
        keep(Gauge.builder(Meters.CONNECTIONS_ACTIVE.meterName(), active)
                .description(Meters.CONNECTIONS_ACTIVE.description())
                .tags(tags)
                .register(registry));
        keep(FunctionCounter.builder(Meters.CONNECTIONS_OPENED.meterName(), owner, opened)
                .description(Meters.CONNECTIONS_OPENED.description())
                .tags(tags)
                .register(registry));
    }

    /** Registers a role that an endpoint may have, and whether it has it. */
    public void watchRole(String role, BooleanSupplier has) {
        keep(Gauge.builder(Meters.ENDPOINT_ROLE.meterName(), () -> has.getAsBoolean() ? 1 : 0)
                .description(Meters.ENDPOINT_ROLE.description())
                .tags(tags.and("role", role))
                .register(registry));
    }

    public void connected(long nanos) {
        connect.record(nanos, TimeUnit.NANOSECONDS);
    }

    public void loggedIn(long nanos) {
        login.record(nanos, TimeUnit.NANOSECONDS);
    }

    public void closed(String reason) {
        Counter counter = closed.computeIfAbsent(
                reason,
                word -> Counter.builder(Meters.CONNECTIONS_CLOSED.meterName())
                        .description(Meters.CONNECTIONS_CLOSED.description())
                        .tags(tags.and("reason", word))
                        .register(registry));
        counter.increment();
        if (removed) {
            registry.remove(counter); // it may have come too late for remove() to see it
        }
    }

    /** Takes every meter out of the registry. */
    public void remove() {
        removed = true;
        registered.forEach(registry::remove);
        closed.values().forEach(registry::remove);
    }

    private <M extends Meter> M keep(M meter) {
        registered.add(meter);
        return meter;
    }
}
