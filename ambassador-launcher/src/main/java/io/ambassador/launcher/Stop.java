package io.ambassador.launcher;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sun.misc.Signal;

/** What ends a sidecar, and with which exit code: a signal, or somebody's word. The second one ends it at once. */
final class Stop {
    private static final int SIGNALLED = 128;

    private final Logger log = LoggerFactory.getLogger(Stop.class);
    private final CompletableFuture<Integer> code = new CompletableFuture<>();
    private final boolean zeroOnSigterm;

    Stop(boolean zeroOnSigterm) {
        this.zeroOnSigterm = zeroOnSigterm;
    }

    void onSignals() {
        Signal.handle(
                new Signal("TERM"), signal -> request("SIGTERM", zeroOnSigterm ? 0 : SIGNALLED + signal.getNumber()));
        Signal.handle(new Signal("INT"), signal -> request("SIGINT", SIGNALLED + signal.getNumber()));
        Signal.handle(new Signal("HUP"), signal -> log.warn("SIGHUP: reload is not supported by this version."));
    }

    /** @param exitCode of the process, unless it was told to stop before */
    void request(String reason, int exitCode) {
        if (code.complete(exitCode)) {
            log.info("{}: draining.", reason);
        } else {
            log.warn("{}: stopping at once.", reason);
            Runtime.getRuntime().halt(exitCode);
        }
    }

    int await() throws InterruptedException {
        try {
            return code.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e); // nothing completes it with one
        }
    }
}
