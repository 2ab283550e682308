package io.ambassador.service;

import io.ambassador.spi.secret.CredentialException;
import io.ambassador.spi.secret.Secret;
import io.ambassador.spi.secret.SecretSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Keeps a service's newest secret in memory, read again at its source's interval. Event loops take copies without
 * waiting; reading happens on a worker thread.
 */
public final class SecretKeeper {
    private final @Nullable String username;
    private final SecretSource source;
    private final Logger log;
    private final List<Runnable> waiting = new ArrayList<>();
    private @Nullable ScheduledExecutorService worker;
    private @Nullable Secret current;
    private long version;
    private long since;
    private @Nullable String lastError;
    private @Nullable Future<?> refresh;
    private boolean closed;

    SecretKeeper(@Nullable String username, SecretSource source, Logger log) {
        this.username = username;
        this.source = source;
        this.log = log;
    }

    /** Reads the secret once, on the caller's thread, then again and again on {@code worker}. */
    void start(ScheduledExecutorService blockingWork) {
        read();
        long interval = Math.max(100, source.refreshInterval().toMillis());
        synchronized (this) {
            worker = blockingWork;
            refresh = blockingWork.scheduleWithFixedDelay(this::read, interval, interval, TimeUnit.MILLISECONDS);
        }
    }

    /**
     * Reads the store at once, since a server has refused what it held last; a single time for all who ask meanwhile.
     *
     * @param then called when that is done, on another thread; never after {@link #close}
     */
    public void readAgain(Runnable then) {
        synchronized (this) {
            if (worker == null || closed) {
                return;
            }
            waiting.add(then);
            if (waiting.size() > 1) {
                return;
            }
            worker.execute(this::readForThoseWaiting);
        }
    }

    private void readForThoseWaiting() {
        read();
        List<Runnable> served;
        synchronized (this) {
            served = List.copyOf(waiting);
            waiting.clear();
        }
        served.forEach(Runnable::run);
    }

    /** Counts the different secrets seen, from 1; 0 before the first. */
    public synchronized long version() {
        return version;
    }

    synchronized void close() {
        closed = true;
        if (refresh != null) {
            refresh.cancel(true);
        }
        if (current != null) {
            current.close();
            current = null;
        }
    }

    public @Nullable String username() {
        return username;
    }

    /** A copy of the newest secret, which the caller closes; {@code null} if none could be read yet. */
    public synchronized @Nullable Secret secret() {
        return current == null ? null : current.copy();
    }

    public synchronized boolean isAvailable() {
        return current != null;
    }

    synchronized ServiceStatus.CredentialStatus status() {
        return new ServiceStatus.CredentialStatus(
                username,
                source.description(),
                version,
                version == 0 ? null : Duration.ofNanos(System.nanoTime() - since),
                lastError);
    }

    private void read() {
        try {
            accept(source.read());
        } catch (CredentialException e) {
            failed(String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            failed(source.description() + ": " + e.getClass().getSimpleName());
        }
    }

    private synchronized void accept(Secret read) {
        if (closed) {
            read.close();
            return;
        }
        if (lastError != null) {
            log.info("The secret from {} can be read again", source.description());
            lastError = null;
        }
        if (current != null && current.sameAs(read)) {
            read.close();
            return;
        }
        if (current != null) {
            current.close();
            log.info(
                    "The secret from {} has changed: new connections use version {}",
                    source.description(),
                    version + 1);
        }
        current = read;
        version++;
        since = System.nanoTime();
    }

    private synchronized void failed(String message) {
        if (!message.equals(lastError)) {
            log.warn(
                    "The secret cannot be read: {} {}",
                    message,
                    current == null ? "Clients are refused until it can." : "The one read last goes on being used.");
        }
        lastError = message;
    }
}
