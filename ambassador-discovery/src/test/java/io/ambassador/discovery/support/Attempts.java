package io.ambassador.discovery.support;

import static org.awaitility.Awaitility.await;

import io.ambassador.testkit.ScriptedServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A server that closes every connection at once, and remembers when. */
public final class Attempts implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long LEAST_MILLIS = 100; // what comes faster belongs together

    private final List<Long> times = new CopyOnWriteArrayList<>();
    private final ScriptedServer server = ScriptedServer.start(connection -> times.add(System.nanoTime()));

    /** {@code 127.0.0.1:port}. */
    public String address() {
        return "127.0.0.1:" + server.port();
    }

    /** The shortest of the pauses between attempts, in ms, once they have had the time to grow. */
    public long pauseInTheEnd() {
        await().atMost(PATIENCE).until(() -> pauses().size() >= 7);
        return Collections.min(pauses().subList(4, 7));
    }

    private List<Long> pauses() {
        List<Long> pauses = new ArrayList<>();
        List<Long> all = List.copyOf(times);
        for (int i = 1; i < all.size(); i++) {
            long millis = (all.get(i) - all.get(i - 1)) / 1_000_000;
            if (millis >= LEAST_MILLIS) {
                pauses.add(millis);
            }
        }
        return pauses;
    }

    @Override
    public void close() {
        server.close();
    }
}
