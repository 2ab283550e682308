package io.ambassador.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * Meters of one owner: they share its labels, are registered as they are needed, and go together. One that is asked for
 * after that is not kept. Thread-safe.
 */
public final class MeterGroup {
    private final MeterRegistry registry;
    private final Tags tags;
    private final Map<Meters, Timer> timers = new ConcurrentHashMap<>(4);
    private final Map<Meters, Map<String, Counter>> counters = new ConcurrentHashMap<>(4);
    private final Set<Meter> registered = new HashSet<>();
    private boolean removed;

    /** @param labels name, value, name, value, … of every meter here */
    public MeterGroup(MeterRegistry registry, String... labels) {
        this.registry = registry;
        this.tags = Tags.of(labels);
    }

    /** @param labels beside the group's own */
    public void gauge(Meters meter, Supplier<Number> value, String... labels) {
        keep(Gauge.builder(meter.meterName(), value)
                .description(meter.description())
                .tags(tags.and(labels))
                .register(registry));
    }

    /** A figure that only grows, and that {@code owner} keeps itself. */
    public <T> void counter(Meters meter, T owner, ToDoubleFunction<T> value, String... labels) {
        keep(FunctionCounter.builder(meter.meterName(), owner, value)
                .description(meter.description())
                .tags(tags.and(labels))
                .register(registry));
    }

    /** Counts one, under the meter's last label. */
    public void count(Meters meter, String value) {
        String label = meter.tags().get(meter.tags().size() - 1);
        counters.computeIfAbsent(meter, key -> new ConcurrentHashMap<>(4))
                .computeIfAbsent(
                        value,
                        key -> keep(Counter.builder(meter.meterName())
                                .description(meter.description())
                                .tags(tags.and(label, key))
                                .register(registry)))
                .increment();
    }

    /** Takes down how long something took. */
    public void record(Meters meter, long nanos) {
        timers.computeIfAbsent(
                        meter,
                        key -> keep(Timer.builder(key.meterName())
                                .description(key.description())
                                .serviceLevelObjectives(key.buckets())
                                .tags(tags)
                                .register(registry)))
                .record(nanos, TimeUnit.NANOSECONDS);
    }

    /** Takes every meter out of the registry. */
    public synchronized void remove() {
        removed = true;
        registered.forEach(registry::remove);
        registered.clear();
    }

    private synchronized <M extends Meter> M keep(M meter) {
        if (removed) {
            registry.remove(meter);
        } else {
            registered.add(meter);
        }
        return meter;
    }
}
