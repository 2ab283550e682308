package io.ambassador.explain;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** What has changed lately, and those who want to hear of it at once. Thread-safe; telling never waits. */
public final class Journal {
    private static final int MOST = 512;

    private final Ring<Event> events = new Ring<>(MOST);
    private final Observers observers = new Observers();

    public void observe(Observer observer) {
        observers.add(observer);
    }

    public void forget(Observer observer) {
        observers.remove(observer);
    }

    /** Of the whole ambassador. */
    public void tell(EventKind kind, String subject, String detail) {
        tell(kind, "", subject, detail);
    }

    void tell(EventKind kind, String service, String subject, String detail) {
        Instant now = Instant.now();
        observers.tell(events.add(id -> new Event(id, now, kind, service, subject, detail)));
    }

    /** The last 512, oldest first, without gaps: one that is being told ends the list. */
    public List<Event> events() {
        List<Event> found = new ArrayList<>();
        long last = events.last();
        for (long id = Math.max(1, last - MOST + 1); id <= last; id++) {
            Event event = events.at(id);
            if (event == null || event.id() < id) {
                break;
            }
            if (event.id() == id) {
                found.add(event);
            } else {
                found.clear(); // overtaken by newer ones while we were reading
            }
        }
        return found;
    }

    Observers observers() {
        return observers;
    }
}
