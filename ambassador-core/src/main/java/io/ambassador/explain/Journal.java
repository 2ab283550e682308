package io.ambassador.explain;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
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

    /** The last 512, oldest first. */
    public List<Event> events() {
        List<Event> found = new ArrayList<>(events.all());
        found.sort(Comparator.comparingLong(Event::id));
        return found;
    }

    Observers observers() {
        return observers;
    }
}
