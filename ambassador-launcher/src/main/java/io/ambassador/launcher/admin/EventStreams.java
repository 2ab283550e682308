package io.ambassador.launcher.admin;

import io.ambassador.explain.Event;
import io.ambassador.explain.Observer;
import io.netty.handler.codec.http.HttpRequest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** Those who follow events, of whom there may be so many. On the admin thread. */
final class EventStreams {
    /** So that followers leave most of the connections to others. */
    static final int MOST = 16;

    private final Managed managed;
    private final Duration heartbeat;

    /** Tells numbers of this process from those of one before. */
    private final String run =
            HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());

    private int open;

    EventStreams(Managed managed, Duration heartbeat) {
        this.managed = managed;
        this.heartbeat = heartbeat;
    }

    /** {@code null} if there are as many as there may be. */
    @Nullable EventStream open(HttpRequest request) {
        if (open >= MOST) {
            return null;
        }
        return new EventStream(this, last(request.headers().get("Last-Event-ID", "")));
    }

    /** 0 for what is no number of this process': what follows is then everything there is. */
    private long last(String id) {
        return id.matches(run + "-\\d{1,18}") ? Long.parseLong(id.substring(run.length() + 1)) : 0;
    }

    String id(Event event) {
        return run + "-" + event.id();
    }

    List<Event> after(long last) {
        return managed.recentEvents().stream()
                .filter(event -> event.id() > last)
                .toList();
    }

    AutoCloseable watch(Runnable somethingHappened) {
        return managed.observe(new Observer() {
            @Override
            public void happened(Event event) {
                somethingHappened.run();
            }
        });
    }

    Duration heartbeat() {
        return heartbeat;
    }

    void begun() {
        open++;
    }

    void ended() {
        open--;
    }
}
