package io.ambassador.discovery.support.http;

import io.ambassador.spi.discovery.DiscoveryException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** One request and what becomes of it. On the loop, but for its making and {@link #result}. */
final class Exchange {
    final HttpRequest request;
    final @Nullable Lines lines;
    final CompletableFuture<HttpAnswer> result = new CompletableFuture<>();
    private final String server;
    private final long timeoutNanos;
    private long since = System.nanoTime();
    private @Nullable HttpConnection connection;
    private @Nullable Future<?> expiry;
    private boolean repeated;

    /**
     * @param lines hears the body of a successful answer; {@code null} to have it whole
     * @param timeout for a whole answer from now on; with {@code lines}, for silence
     */
    Exchange(String server, HttpRequest request, @Nullable Lines lines, Duration timeout) {
        this.server = server;
        this.request = request;
        this.lines = lines;
        this.timeoutNanos = timeout.toNanos();
    }

    /** More than nothing was heard: a followed answer may go on. */
    void heard() {
        if (lines != null) {
            since = System.nanoTime();
        }
    }

    long nanosLeft() {
        return since + timeoutNanos - System.nanoTime();
    }

    Duration timeout() {
        return Duration.ofNanos(timeoutNanos);
    }

    void expiresBy(Future<?> timer) {
        expiry = timer;
    }

    /** It is about to be served by {@code taken}. */
    void on(HttpConnection taken) {
        connection = taken;
    }

    /** Whether it may be tried once more, after a connection turned out to be dead that had lain idle. */
    boolean mayRepeat() {
        if (repeated || isDone() || !request.isRepeatable()) {
            return false;
        }
        repeated = true;
        connection = null;
        return true;
    }

    boolean isDone() {
        return result.isDone();
    }

    /** Its connection is free again. */
    void succeed(HttpAnswer answer) {
        connection = null;
        result.complete(answer);
    }

    void fail(String reason, @Nullable Throwable cause) {
        fail(new DiscoveryException(server + ": " + reason, cause));
    }

    void fail(DiscoveryException cause) {
        result.completeExceptionally(cause);
    }

    /** Once there is a result: closes the connection if it is still taken, and wipes the secret. */
    void end() {
        if (expiry != null) {
            expiry.cancel(false);
        }
        if (connection != null) {
            connection.close();
            connection = null;
        }
        request.wipe();
    }
}
