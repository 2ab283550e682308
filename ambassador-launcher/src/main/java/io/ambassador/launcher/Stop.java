package io.ambassador.launcher;

import io.ambassador.launcher.logging.Logging;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sun.misc.Signal;

/** What ends a sidecar, and with which exit code: a signal, or somebody's word. A second signal ends it at once. */
final class Stop {
    private static final int SIGNALLED = 128;
    private static final Logger LOG = LoggerFactory.getLogger("ambassador.launcher");
    private final AtomicInteger signals = new AtomicInteger();
    private final CompletableFuture<Integer> code = new CompletableFuture<>();
    private final boolean zeroOnSigterm;

    Stop(boolean zeroOnSigterm) {
        this.zeroOnSigterm = zeroOnSigterm;
    }

    void onSignals() {
        Signal.handle(
                new Signal("TERM"), signal -> signalled("SIGTERM", zeroOnSigterm ? 0 : SIGNALLED + signal.getNumber()));
        Signal.handle(new Signal("INT"), signal -> signalled("SIGINT", SIGNALLED + signal.getNumber()));
        Signal.handle(new Signal("HUP"), signal -> LOG.warn("SIGHUP: reload is not supported by this version."));
    }

    /** @param exitCode of the process, unless it was told to stop before */
    void request(String reason, int exitCode) {
        if (code.complete(exitCode)) {
            LOG.info("{}: draining.", reason);
        }
    }

    private void signalled(String name, int exitCode) {
        if (signals.incrementAndGet() > 1) {
            LOG.warn("{} again: stopping at once.", name);
            Logging.flush();
            Runtime.getRuntime().halt(exitCode);
        }
        request(name, exitCode);
    }

    boolean isRequested() {
        return code.isDone();
    }

    int await() throws InterruptedException {
        try {
            return code.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e); // nothing completes it with one
        }
    }
}
