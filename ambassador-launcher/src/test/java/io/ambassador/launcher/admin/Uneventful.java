package io.ambassador.launcher.admin;

import io.ambassador.explain.ConnectionRecord;
import io.ambassador.explain.Event;
import io.ambassador.explain.Observer;
import java.util.List;

/** Where nothing happens. */
abstract class Uneventful implements Managed {
    @Override
    public List<ConnectionRecord> recentConnections() {
        return List.of();
    }

    @Override
    public List<Event> recentEvents() {
        return List.of();
    }

    @Override
    public long generation() {
        return 3;
    }

    @Override
    public List<EffectiveValue> configuration() {
        return List.of(
                new EffectiveValue("event-loops", "2", "a.conf: 4"),
                new EffectiveValue("services.a.listen", "\"127.0.0.1:1\"", "default"));
    }

    @Override
    public AutoCloseable observe(Observer observer) {
        return () -> {};
    }
}
