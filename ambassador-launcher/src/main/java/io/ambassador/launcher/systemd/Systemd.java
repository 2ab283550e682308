package io.ambassador.launcher.systemd;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells systemd how this process is doing, if it wants to know. Whatever goes wrong with that is logged, and stops
 * nothing. Thread-safe.
 *
 * @see <a href="https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html">sd_notify(3)</a>
 */
public final class Systemd implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("ambassador.launcher");
    private static final String SOCKET = "NOTIFY_SOCKET";
    private static final String WATCHDOG = "WATCHDOG_USEC";
    private static final String WATCHDOG_PROCESS = "WATCHDOG_PID";

    private final @Nullable NotifySocket socket;
    private final Consumer<String> warn;
    private @Nullable ScheduledThreadPoolExecutor watchdog;
    private @Nullable String lastError;
    private boolean stopping;

    private Systemd(@Nullable NotifySocket socket, Consumer<String> warn) {
        this.socket = socket;
        this.warn = warn;
    }

    /** @param environment of this process; without {@code NOTIFY_SOCKET} there is nobody to tell */
    public static Systemd of(Map<String, String> environment) {
        return of(environment, LOG::warn);
    }

    static Systemd of(Map<String, String> environment, Consumer<String> warn) {
        String address = environment.get(SOCKET);
        if (address == null || address.isEmpty()) {
            return new Systemd(null, warn);
        }
        try {
            return new Systemd(NotifySocket.to(address), warn);
        } catch (IOException e) {
            warn.accept("systemd is told nothing: " + SOCKET + ": " + e.getMessage());
            return new Systemd(null, warn);
        }
    }

    /** Takes away what is meant for this process from what an application will inherit. */
    public static void hide(Map<String, String> environment) {
        environment.remove(SOCKET);
        environment.remove(WATCHDOG);
        environment.remove(WATCHDOG_PROCESS);
    }

    /** For people who ask how it goes, in a line. */
    public void status(String text) {
        send("STATUS=" + text);
    }

    /** Also that a reload is over. */
    public synchronized void ready(String text) {
        if (!stopping) {
            send("READY=1\nSTATUS=" + text);
        }
    }

    public synchronized void reloading() {
        if (!stopping) { // nanoTime is what systemd means: CLOCK_MONOTONIC
            send("RELOADING=1\nMONOTONIC_USEC=" + TimeUnit.NANOSECONDS.toMicros(System.nanoTime())
                    + "\nSTATUS=Reloading.");
        }
    }

    /** @param patience for what is still open, which systemd is not to cut short */
    public synchronized void stopping(Duration patience) {
        stopping = true;
        send("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + TimeUnit.NANOSECONDS.toMicros(patience.toNanos())
                + "\nSTATUS=Draining.");
    }

    /**
     * Says twice in each interval that systemd asks for that the process lives, while {@code alive} does.
     *
     * @param alive may block for as long as it takes, on a thread of its own
     */
    public synchronized void watch(Map<String, String> environment, BooleanSupplier alive) {
        Duration interval = watchdogInterval(environment);
        if (socket == null || interval == null) {
            return;
        }
        watchdog = new ScheduledThreadPoolExecutor(1, new DefaultThreadFactory("ambassador-watchdog", true));
        long half = interval.toNanos() / 2;
        watchdog.scheduleAtFixedRate(() -> tellIf(alive), 0, half, TimeUnit.NANOSECONDS);
    }

    private void tellIf(BooleanSupplier alive) {
        try {
            if (alive.getAsBoolean()) {
                send("WATCHDOG=1");
            }
        } catch (RuntimeException e) {
            warn.accept("systemd's watchdog is not told that this process lives: " + e.getMessage());
        }
    }

    /** {@code null} if systemd does not want to know, or from another process. */
    static @Nullable Duration watchdogInterval(Map<String, String> environment) {
        String micros = environment.getOrDefault(WATCHDOG, "");
        String process = environment.getOrDefault(WATCHDOG_PROCESS, "");
        boolean ours = process.isEmpty()
                || process.equals(Long.toString(ProcessHandle.current().pid()));
        if (!ours || !micros.matches("[1-9]\\d{0,17}")) {
            return null;
        }
        return Duration.ofNanos(TimeUnit.MICROSECONDS.toNanos(Long.parseLong(micros)));
    }

    private synchronized void send(String message) {
        if (socket == null) {
            return;
        }
        try {
            socket.send(message);
            lastError = null;
        } catch (IOException e) {
            String error = String.valueOf(e.getMessage());
            if (!error.equals(lastError)) {
                warn.accept("systemd cannot be told \"" + message.replace('\n', ' ') + "\": " + error);
            }
            lastError = error;
        }
    }

    @Override
    public synchronized void close() {
        if (watchdog != null) {
            watchdog.shutdownNow();
        }
        if (socket != null) {
            try {
                socket.close();
            } catch (IOException e) {
                LOG.debug("The socket to systemd cannot be closed.", e);
            }
        }
    }
}
