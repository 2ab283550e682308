package io.ambassador.testkit;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/** A control thread for tests, as the engine gives one to sources. */
public final class ControlThread implements AutoCloseable {
    private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "test-control");
        thread.setDaemon(true);
        return thread;
    });

    public ScheduledExecutorService scheduler() {
        return scheduler;
    }

    @Override
    public void close() {
        scheduler.shutdownNow();
    }
}
