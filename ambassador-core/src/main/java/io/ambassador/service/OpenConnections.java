package io.ambassador.service;

import io.ambassador.explain.EndReason;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The clients of one service, from admission to end. Thread-safe. */
final class OpenConnections {
    private final Set<OpenConnection> open = ConcurrentHashMap.newKeySet();
    private volatile boolean cut;

    void add(OpenConnection connection) {
        open.add(connection);
        if (cut) { // admitted at the last moment
            connection.end(EndReason.SHUTDOWN);
        }
    }

    void remove(OpenConnection connection) {
        open.remove(connection);
    }

    /** How many are relayed to {@code member}. */
    long at(PooledEndpoint member) {
        return open.stream()
                .filter(connection -> connection.endpoint() == member)
                .count();
    }

    /** Ends those that are relayed to {@code member}. */
    void end(PooledEndpoint member, EndReason reason) {
        for (OpenConnection connection : open) {
            if (connection.endpoint() == member) {
                connection.end(reason);
            }
        }
    }

    /** Ends those that are relayed to any endpoint. */
    void endRelayed(EndReason reason) {
        for (OpenConnection connection : open) {
            if (connection.endpoint() != null) {
                connection.end(reason);
            }
        }
    }

    /** Ends all, also those yet to come, however far they have got. */
    void cut() {
        cut = true;
        open.forEach(connection -> connection.end(EndReason.SHUTDOWN));
    }

    boolean isCut() {
        return cut;
    }

    /** Tells those that are relayed that the secret has changed. */
    void rotated() {
        open.forEach(OpenConnection::rotated);
    }
}
