package io.ambassador.faults;

import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointState;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/** A source that says what the test tells it to. */
final class ManualSource implements EndpointSource {
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private volatile EndpointState state;

    private ManualSource(EndpointState state) {
        this.state = state;
    }

    static ManualSource of(Endpoint... endpoints) {
        return new ManualSource(new EndpointState.Known(Set.of(endpoints)));
    }

    void set(Endpoint... endpoints) {
        say(new EndpointState.Known(Set.of(endpoints)));
    }

    synchronized void say(EndpointState newState) {
        state = newState;
        listeners.forEach(listener -> listener.onState(newState));
    }

    @Override
    public synchronized Watch watch(Listener listener) {
        listeners.add(listener);
        listener.onState(state);
        return () -> listeners.remove(listener);
    }
}
