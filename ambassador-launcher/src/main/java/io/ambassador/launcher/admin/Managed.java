package io.ambassador.launcher.admin;

import io.ambassador.explain.ConnectionRecord;
import io.ambassador.explain.Event;
import io.ambassador.explain.Observer;
import io.ambassador.service.ServiceStatus;
import io.ambassador.spi.AmbassadorException;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What the admin address shows and commands. Called on the admin thread; returns at once. */
public interface Managed {
    List<ServiceStatus> services();

    /** Whether every service has had endpoints, or waited long enough for them. */
    boolean isReady();

    boolean isDraining();

    /** Newest first. */
    List<ConnectionRecord> recentConnections();

    /** Oldest first. */
    List<Event> recentEvents();

    /** Tells {@code observer} from now on, until what is returned is closed. */
    AutoCloseable observe(Observer observer);

    /** Counts the configurations that have been in force, from 1. */
    long generation();

    /** Every value in force, by key. */
    List<EffectiveValue> configuration();

    /** Reads the configuration again. Takes a while, and is told when it is over, on any thread. */
    CompletableFuture<ReloadOutcome> reload(boolean dryRun);

    /**
     * Closes the listeners of one service, or opens them again. Told when that is done, on any thread: with an
     * {@link IllegalArgumentException} for a service that there is not, an {@link AmbassadorException} if an address
     * cannot be bound.
     */
    CompletableFuture<Void> drainService(String service, boolean undo);

    /**
     * Keeps new connections from one endpoint, or no longer.
     *
     * @throws IllegalArgumentException if there is no such service or endpoint
     */
    void drainEndpoint(String service, String endpoint, boolean undo);

    /** Accepts no more connections; open ones may end by themselves. */
    void drain();

    /** Drains, then ends the process. */
    void shutdown();
}
