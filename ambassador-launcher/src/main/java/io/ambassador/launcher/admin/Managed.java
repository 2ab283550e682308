package io.ambassador.launcher.admin;

import io.ambassador.service.ServiceStatus;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What the admin address shows and commands. Called on the admin thread; returns at once. */
public interface Managed {
    List<ServiceStatus> services();

    /** Whether every service has had endpoints, or waited long enough for them. */
    boolean isReady();

    boolean isDraining();

    /** Reads the configuration again. Takes a while, and is told when it is over, on any thread. */
    CompletableFuture<ReloadOutcome> reload(boolean dryRun);

    /** Accepts no more connections; open ones may end by themselves. */
    void drain();

    /** Drains, then ends the process. */
    void shutdown();
}
