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
    public AutoCloseable observe(Observer observer) {
        return () -> {};
    }
}
