package io.ambassador;

import io.ambassador.Listeners.Place;
import io.ambassador.listener.ServiceListener;
import io.ambassador.spi.AmbassadorException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A {@link Change}'s part that has to do with sockets: those that stay, those that come, those that go. */
final class SocketChange {
    private final Listeners listeners;
    private final Map<Place, ServiceUnit> owners = new LinkedHashMap<>();
    private final Map<Place, ServiceListener> wanted = new LinkedHashMap<>();
    private final Map<Place, ServiceListener> fresh = new LinkedHashMap<>();

    /** Those that cannot be bound while others are, which nobody asks for any more. */
    private final Map<Place, ServiceUnit> late = new LinkedHashMap<>();

    /** Closed to make room, with the service that they led to. */
    private final Map<Place, ServiceUnit> madeRoom = new LinkedHashMap<>();

    SocketChange(Listeners listeners) {
        this.listeners = listeners;
    }

    /**
     * Binds what {@code unit} asks for and is not bound yet. Clients wait until {@link #finish}.
     *
     * @param unusable takes in addresses that are asked for twice
     * @param unavailable takes in what cannot be bound
     */
    void prepare(ServiceUnit unit, List<String> unusable, List<String> unavailable) {
        for (Place place : Listeners.places(unit.spec())) {
            ServiceUnit other = owner(place);
            if (other != null) {
                unusable.add("services." + unit.spec().name() + ".listen: " + place.address() + " is also services."
                        + other.spec().name() + ".listen. Give one of them another address");
                continue;
            }
            owners.put(place, unit);
            try {
                bind(place, unit);
            } catch (AmbassadorException e) {
                unavailable.add(String.valueOf(e.getMessage()));
            }
        }
    }

    private @Nullable ServiceUnit owner(Place place) {
        for (Map.Entry<Place, ServiceUnit> owned : owners.entrySet()) {
            if (owned.getKey().address().overlaps(place.address())) {
                return owned.getValue();
            }
        }
        return null;
    }

    private void bind(Place place, ServiceUnit unit) throws AmbassadorException {
        ServiceListener bound = listeners.bound().get(place);
        if (unit.service().isDrained()) {
            return; // it is bound when that is over
        }
        if (bound != null) {
            listeners.check(place, unit);
            wanted.put(place, bound);
        } else if (inTheWay(place).isEmpty()) {
            ServiceListener listener = listeners.bind(place, unit);
            fresh.put(place, listener);
            wanted.put(place, listener);
        } else {
            late.put(place, unit);
        }
    }

    private List<Place> inTheWay(Place place) {
        return listeners.bound().keySet().stream()
                .filter(bound -> bound.address().overlaps(place.address()))
                .toList();
    }

    /**
     * Binds what overlaps with sockets that go, such as every address in place of loopback: those are closed first, so
     * that for a moment nobody listens there.
     *
     * @param running what sockets lead to until now
     * @throws AmbassadorException if one cannot be bound; {@link #abandon} opens again what was closed
     */
    void makeRoom(Collection<ServiceUnit> running) throws AmbassadorException {
        for (Map.Entry<Place, ServiceUnit> each : late.entrySet()) {
            for (Place place : inTheWay(each.getKey())) {
                running.stream()
                        .filter(unit -> Listeners.places(unit.spec()).contains(place))
                        .forEach(unit -> madeRoom.put(place, unit));
                listeners.close(place);
            }
            ServiceListener listener = listeners.bind(each.getKey(), each.getValue());
            fresh.put(each.getKey(), listener);
            wanted.put(each.getKey(), listener);
        }
    }

    /** Leads clients of sockets that stay to {@code unit} from now on. */
    void lead(ServiceUnit unit) {
        for (Place place : Listeners.places(unit.spec())) {
            ServiceListener listener = wanted.get(place);
            if (listener != null && !fresh.containsKey(place)) {
                listener.lead(unit.entrance());
            }
        }
    }

    /** Lets new sockets accept, and closes those that nobody asks for any more. Blocks until that is done. */
    void finish() {
        List<ServiceListener> gone = new ArrayList<>();
        listeners.bound().forEach((place, listener) -> {
            if (!wanted.containsKey(place)) {
                gone.add(listener);
            }
        });
        listeners.replace(wanted);
        fresh.values().forEach(ServiceListener::open);
        gone.forEach(ServiceListener::close);
    }

    /** Lets go of everything that was bound; what was closed to make room is open again. */
    void abandon() {
        fresh.values().forEach(ServiceListener::close);
        madeRoom.forEach(listeners::reopen);
    }
}
