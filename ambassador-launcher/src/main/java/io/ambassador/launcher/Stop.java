package io.ambassador.launcher;

import io.ambassador.launcher.child.Child;
import io.ambassador.launcher.logging.Logging;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sun.misc.Signal;

/**
 * What ends a sidecar, and with which exit code: a signal, or somebody's word. A second signal ends it at once. Also
 * hears the signal to reload.
 */
final class Stop {
    private static final int SIGNALLED = 128;
    private static final Logger LOG = LoggerFactory.getLogger("ambassador.launcher");
    private final AtomicInteger signals = new AtomicInteger();
    private final CompletableFuture<Integer> code = new CompletableFuture<>();
    private final boolean zeroOnSigterm;
    private volatile @Nullable Child child;
    private volatile Runnable reload = () -> LOG.warn("SIGHUP: not yet started.");

    Stop(boolean zeroOnSigterm) {
        this.zeroOnSigterm = zeroOnSigterm;
    }

    void onSignals() {
        Signal.handle(
                new Signal("TERM"), signal -> signalled("SIGTERM", zeroOnSigterm ? 0 : SIGNALLED + signal.getNumber()));
        Signal.handle(new Signal("INT"), signal -> signalled("SIGINT", SIGNALLED + signal.getNumber()));
        Signal.handle(new Signal("HUP"), signal -> hangUp());
    }

    /** What SIGHUP does, unless there is an application for it. */
    void onHangUp(Runnable task) {
        reload = task;
    }

    /** From now on signals are for {@code started}, whose end is ours. */
    void passOnTo(Child started) {
        child = started;
        if (isRequested()) { // a moment before
            started.signal("TERM");
        }
    }

    /** @param exitCode of the process, unless it was told to stop before */
    void request(String reason, int exitCode) {
        Child application = child;
        if (application != null) {
            application.signal("TERM");
        } else if (code.complete(exitCode)) {
            LOG.info("{}: draining.", reason);
        }
    }

    /** The application has ended, and so does what was there for it. */
    void ended(int exitCode) {
        child = null;
        code.complete(exitCode);
    }

    private void hangUp() {
        Child application = child;
        if (application != null) {
            application.signal("HUP");
        } else {
            reload.run();
        }
    }

    private void signalled(String name, int exitCode) {
        Child application = child;
        if (application != null) {
            if (name.equals("SIGINT") && System.console() != null) {
                return; // a terminal has sent it to the application, too
            }
            signals.incrementAndGet();
            application.signal(name.substring("SIG".length()));
            return;
        }
        if (signals.incrementAndGet() > 1) {
            LOG.warn("{} again: stopping at once.", name);
            Logging.flush();
            Runtime.getRuntime().halt(code.getNow(exitCode));
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
