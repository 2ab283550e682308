package io.ambassador.metrics;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * The meters of one endpoint, or those of one service that have no endpoint; removed with it. Each is registered when
 * there is something to tell, since endpoints may be thousands and most of them unused. Thread-safe.
 */
public final class EndpointMeters {
    private final MeterGroup meters;

    /** @param endpoint its address; empty for connections that reached none */
    public EndpointMeters(MeterRegistry registry, String service, String endpoint) {
        this.meters = new MeterGroup(registry, "service", service, "endpoint", endpoint);
    }

    /** Registers figures that {@code owner} keeps itself; may be called twice. */
    public <T> void watch(T owner, Supplier<Number> active, ToDoubleFunction<T> opened) {
        meters.gauge(Meters.CONNECTIONS_ACTIVE, active);
        meters.counter(Meters.CONNECTIONS_OPENED, owner, opened);
    }

    /** Registers a role that an endpoint may have, and whether it has it. */
    public void watchRole(String role, BooleanSupplier has) {
        meters.gauge(Meters.ENDPOINT_ROLE, () -> has.getAsBoolean() ? 1 : 0, "role", role);
    }

    public void connected(long nanos) {
        meters.record(Meters.CONNECT, nanos);
    }

    public void loggedIn(long nanos) {
        meters.record(Meters.LOGIN, nanos);
    }

    public void closed(String reason) {
        meters.count(Meters.CONNECTIONS_CLOSED, reason);
    }

    /** Takes every meter out of the registry. */
    public void remove() {
        meters.remove();
    }
}
