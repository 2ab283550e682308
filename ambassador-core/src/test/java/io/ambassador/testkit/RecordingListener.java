package io.ambassador.testkit;

import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.spi.discovery.EndpointState.Known;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Remembers every state that a source tells, and notices calls that overlap. */
public final class RecordingListener implements EndpointSource.Listener, AutoCloseable {
    private final List<EndpointState> states = new CopyOnWriteArrayList<>();
    private final AtomicInteger inside = new AtomicInteger();
    private final Consumer<EndpointState> then;
    private volatile boolean overlapped;
    private volatile EndpointSource.Watch watch = () -> {};

    private RecordingListener(Consumer<EndpointState> then) {
        this.then = then;
    }

    /** Watches {@code source} until closed. */
    public static RecordingListener watch(EndpointSource source) {
        return watch(source, state -> {});
    }

    /** The same, and calls {@code then} within each call, after remembering. */
    public static RecordingListener watch(EndpointSource source, Consumer<EndpointState> then) {
        RecordingListener listener = new RecordingListener(then);
        listener.watch = source.watch(listener);
        return listener;
    }

    @Override
    public void onState(EndpointState state) {
        overlapped |= inside.incrementAndGet() > 1;
        try {
            states.add(state);
            then.accept(state);
        } finally {
            inside.decrementAndGet();
        }
    }

    /** The state told last; {@code null} before the first. */
    public EndpointState last() {
        List<EndpointState> all = all();
        return all.isEmpty() ? null : all.get(all.size() - 1);
    }

    /** Every state told, in order. */
    public List<EndpointState> all() {
        return List.copyOf(states);
    }

    /** {@code host:port} of each endpoint known last, sorted; empty if the last state is not {@link Known}. */
    public Set<String> addresses() {
        return last() instanceof Known known
                ? known.endpoints().stream().map(Endpoint::address).collect(Collectors.toCollection(TreeSet::new))
                : new TreeSet<>();
    }

    /** Whether two calls were ever under way at once. */
    public boolean overlapped() {
        return overlapped;
    }

    /** Closes the watch. */
    @Override
    public void close() {
        watch.close();
    }
}
