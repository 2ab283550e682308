package io.ambassador.service;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * The secrets of one description of a service. When another one with other secrets has taken over, they are kept for
 * the connections that began with them, and wiped when the last of those has ended.
 */
final class ServiceSecrets {
    private static final Duration LOOK = Duration.ofSeconds(1);

    private final @Nullable SecretKeeper own;
    private final @Nullable SecretKeeper clients;
    private final List<SecretKeeper> handedOver = new ArrayList<>(2);
    private final AtomicInteger users = new AtomicInteger();
    private boolean closed;

    /**
     * @param own to log in with at backends
     * @param clients what clients must show
     * @param before may have one of the two
     */
    ServiceSecrets(@Nullable SecretKeeper own, @Nullable SecretKeeper clients, @Nullable ServiceSecrets before) {
        this.own = own;
        this.clients = clients;
        for (SecretKeeper keeper : keepers()) {
            if (before != null && before.keepers().contains(keeper)) {
                keeper.hold();
                handedOver.add(keeper);
            }
        }
    }

    @Nullable SecretKeeper own() {
        return own;
    }

    @Nullable SecretKeeper clients() {
        return clients;
    }

    void start(ServiceEnvironment environment) {
        fresh().forEach(keeper -> keeper.start(environment.worker(), environment.secretReads()));
    }

    /**
     * Waits for the first reads.
     *
     * @param patience for all together
     * @return what could not be read, and why
     */
    List<String> awaitFirstReads(Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        List<String> problems = new ArrayList<>();
        for (SecretKeeper keeper : fresh()) {
            String problem = keeper.awaitFirstRead(Duration.ofNanos(deadline - System.nanoTime()));
            if (problem != null) {
                problems.add((keeper == own ? "credentials.password: " : "client-credentials.password: ") + problem);
            }
        }
        return problems;
    }

    /** Somebody begins to use them; {@link #release} follows. */
    void retain() {
        users.incrementAndGet();
    }

    void release() {
        users.decrementAndGet();
    }

    /**
     * Nobody new will use them; once nobody does, they are wiped. Control thread.
     *
     * @param by the ones in their place, perhaps in part the same
     */
    void retire(@Nullable ServiceSecrets by, ServiceEnvironment environment, Logger log) {
        for (SecretKeeper keeper : keepers()) {
            if (by == null || !by.keepers().contains(keeper)) {
                keeper.stopReading();
            }
        }
        closeWhenUnused(environment, log);
    }

    private void closeWhenUnused(ServiceEnvironment environment, Logger log) {
        if (users.get() == 0) {
            close();
        } else {
            Control.schedule(environment.control(), log, () -> closeWhenUnused(environment, log), LOOK);
        }
    }

    /** May be called twice. */
    synchronized void close() {
        if (!closed) {
            closed = true;
            keepers().forEach(SecretKeeper::close);
        }
    }

    private List<SecretKeeper> fresh() {
        return keepers().stream().filter(keeper -> !handedOver.contains(keeper)).toList();
    }

    private List<SecretKeeper> keepers() {
        return Arrays.asList(own, clients).stream().filter(Objects::nonNull).toList();
    }
}
