package io.ambassador;

import io.ambassador.listener.AcceptGate;
import io.ambassador.listener.ServiceListener;
import io.ambassador.service.ListenAddress;
import io.ambassador.service.ServiceSpec;
import io.ambassador.spi.AmbassadorException;
import io.ambassador.transport.Transport;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Every bound socket, by the place in the configuration that asks for it. Thread-safe. */
final class Listeners {
    /**
     * What a socket is kept for. An address is one place whichever service has it, so that it can pass from one to
     * another; one with port 0 is a place of its service's own.
     *
     * @param owner empty but for port 0
     * @param index among equal ones
     */
    record Place(ListenAddress address, String owner, int index) {
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Place place
                    && index == place.index
                    && owner.equals(place.owner)
                    && address.equals(place.address);
        }

        @Override
        public int hashCode() {
            return 31 * (31 * address.hashCode() + owner.hashCode()) + index;
        }
    }

    private final Transport transport;
    private final AcceptGate gate = AcceptGate.ofProcess();
    private volatile Map<Place, ServiceListener> bound = Map.of();
    private boolean closed;

    Listeners(Transport transport) {
        this.transport = transport;
    }

    /** The places that a service asks for, in its order. */
    static List<Place> places(ServiceSpec spec) {
        List<Place> places = new ArrayList<>();
        for (ListenAddress address : spec.listen()) {
            boolean any = address instanceof ListenAddress.Tcp tcp && tcp.port() == 0;
            Place place = new Place(address, any ? spec.name() : "", 0);
            while (any && places.contains(place)) {
                place = new Place(address, place.owner(), place.index() + 1);
            }
            places.add(place);
        }
        return places;
    }

    /** Binds a socket that {@link ServiceListener#open} lets accept; it is no part of these before {@link #replace}. */
    ServiceListener bind(Place place, ServiceUnit unit) throws AmbassadorException {
        return ServiceListener.bind(transport, place.address(), unit.entrance(), gate);
    }

    /** @throws AmbassadorException if the socket at {@code place} could not be led to {@code unit} */
    void check(Place place, ServiceUnit unit) throws AmbassadorException {
        ServiceListener.refuseUnknowableUsers(transport, place.address(), unit.service());
    }

    Map<Place, ServiceListener> bound() {
        return bound;
    }

    synchronized void replace(Map<Place, ServiceListener> now) {
        bound = new LinkedHashMap<>(now);
    }

    /** Stops accepting there; blocks until that is done. */
    void close(Place place) {
        ServiceListener listener = take(place);
        if (listener != null) {
            listener.close();
        }
    }

    private synchronized @Nullable ServiceListener take(Place place) {
        Map<Place, ServiceListener> rest = new LinkedHashMap<>(bound);
        ServiceListener listener = rest.remove(place);
        bound = rest;
        return listener;
    }

    /** Takes back a {@link #close}. */
    void reopen(Place place, ServiceUnit unit) {
        try {
            add(place, bind(place, unit));
        } catch (AmbassadorException e) { // somebody else was faster
            unit.service().log().error("{} was closed for a change that failed, and is lost", place.address(), e);
        }
    }

    /** Lets {@code listener} accept, and makes it a part of these; closes it if these are closed. */
    synchronized void add(Place place, ServiceListener listener) {
        if (closed) {
            listener.close();
            return;
        }
        Map<Place, ServiceListener> more = new LinkedHashMap<>(bound);
        more.put(place, listener);
        bound = more;
        listener.open();
    }

    List<SocketAddress> addresses(ServiceUnit unit) {
        Map<Place, ServiceListener> now = bound;
        List<SocketAddress> addresses = new ArrayList<>();
        for (Place place : places(unit.spec())) {
            ServiceListener listener = now.get(place);
            if (listener != null) {
                addresses.add(listener.address());
            }
        }
        return addresses;
    }

    /** Stops accepting anywhere, for good; blocks until that is done. */
    void close() {
        Map<Place, ServiceListener> all;
        synchronized (this) {
            closed = true;
            all = bound;
            bound = Map.of();
        }
        all.values().forEach(ServiceListener::close);
    }
}
