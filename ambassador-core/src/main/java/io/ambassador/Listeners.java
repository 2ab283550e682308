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

/** Every bound socket, by the place in the configuration that asks for it. Changed by one thread at a time. */
final class Listeners {
    /**
     * What a socket is kept for. An address is one place whichever service has it, so that it can pass from one to
     * another; one with port 0 is a place of its service's own.
     *
     * @param owner empty but for port 0
     * @param index among equal ones
     */
    record Place(ListenAddress address, String owner, int index) {}

    private final Transport transport;
    private final AcceptGate gate = AcceptGate.ofProcess();
    private volatile Map<Place, ServiceListener> bound = Map.of();

    Listeners(Transport transport) {
        this.transport = transport;
    }

    /** The places that a service asks for, in its order. */
    static List<Place> places(ServiceSpec spec) {
        List<Place> places = new ArrayList<>();
        for (ListenAddress address : spec.listen()) {
            boolean any = address instanceof ListenAddress.Tcp tcp && tcp.port() == 0;
            Place place = new Place(address, any ? spec.name() : "", 0);
            while (places.contains(place)) {
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

    Map<Place, ServiceListener> bound() {
        return bound;
    }

    void replace(Map<Place, ServiceListener> now) {
        bound = new LinkedHashMap<>(now);
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

    /** Stops accepting anywhere; blocks until that is done. */
    void close() {
        Map<Place, ServiceListener> all = bound;
        bound = Map.of();
        all.values().forEach(ServiceListener::close);
    }
}
