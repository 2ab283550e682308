package io.ambassador.discovery.support;

import io.ambassador.spi.secret.Secret;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A registry's password for many who ask at once: read once for all of them, and again when it is no longer recent. */
public final class RecentPassword implements AutoCloseable {
    private final Supplier<CompletableFuture<Secret>> reader;
    private final long recentNanos;
    private @Nullable CompletableFuture<Secret> reading; // guarded by this, as all below
    private long readAt;

    /** @param recent how long one reading is used */
    public RecentPassword(RegistryPassword password, Duration recent) {
        this(password::read, recent);
    }

    /**
     * @param reader gives a secret that is then this one's own
     * @param recent how long one reading is used
     */
    public RecentPassword(Supplier<CompletableFuture<Secret>> reader, Duration recent) {
        this.reader = reader;
        this.recentNanos = recent.toNanos();
    }

    /** @return owned by the caller, who closes it; or a {@link io.ambassador.spi.discovery.DiscoveryException} */
    public synchronized CompletableFuture<Secret> read() {
        CompletableFuture<Secret> current = reading;
        boolean recent = current != null
                && (!current.isDone()
                        || !current.isCompletedExceptionally() && System.nanoTime() - readAt < recentNanos);
        if (current == null || !recent) {
            forget();
            current = reader.get();
            reading = current;
            readAt = System.nanoTime();
        }
        return current.thenApply(Secret::copy);
    }

    /** The registry refused it: the next to ask gets one that is read anew. */
    public synchronized void refused() {
        if (reading != null && reading.isDone()) {
            forget();
        }
    }

    @Override
    public synchronized void close() {
        forget();
    }

    private void forget() {
        CompletableFuture<Secret> old = reading;
        reading = null;
        if (old != null) {
            old.thenAccept(Secret::close);
        }
    }
}
