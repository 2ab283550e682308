package io.ambassador.discovery.support.http;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.support.net.Connector;
import io.ambassador.discovery.support.net.RegistryLoop;
import io.ambassador.discovery.support.net.ServerAddress;
import io.ambassador.spi.discovery.DiscoveryException;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpClientCodec;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks one HTTP server. Connections are kept for the next question; names are looked up without blocking, by TTL.
 *
 * <p>Every result is a future that fails with a {@link io.ambassador.spi.discovery.DiscoveryException} which names
 * server and reason; whatever the status, an answer is an answer. Cancelling the future ends the exchange. Futures
 * complete, and lines are heard, on the HTTP thread. Thread-safe.
 */
public final class HttpClient implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HttpClient.class);

    private static final Duration IDLE = Duration.ofSeconds(20);

    private final ServerAddress address;
    private final EventLoop loop = RegistryLoop.acquire();
    private final Connector connector;
    private final Set<Exchange> exchanges = new HashSet<>(); // on the loop, as all below
    private final Deque<HttpConnection> idle = new ArrayDeque<>();
    private boolean closed;
    private boolean closing; // guarded by this

    /**
     * Opens nothing yet.
     *
     * @param options for looking up the server's name
     * @param scheduler the control thread
     */
    public HttpClient(ServerAddress address, DnsOptions options, ScheduledExecutorService scheduler) {
        this.address = address;
        this.connector = new Connector(address, options, scheduler, loop);
    }

    /** Asks and collects the whole answer, 32 MiB at most, within {@code timeout}, connecting included. */
    public CompletableFuture<HttpAnswer> send(HttpRequest request, Duration timeout) {
        return submit(new Exchange(address.toString(), request, null, timeout));
    }

    /**
     * Asks and tells each line of a successful answer as it comes. The future completes when the answer ends, with an
     * empty body; an answer without success has its body in there.
     *
     * @param silence how long nothing may come before the answer counts as broken
     */
    public CompletableFuture<HttpAnswer> follow(HttpRequest request, Duration silence, Lines lines) {
        return submit(new Exchange(address.toString(), request, lines, silence));
    }

    /** Fails what is under way, and closes every connection. Returns at once; may be called twice. */
    @Override
    public void close() {
        synchronized (this) {
            if (closing) {
                return;
            }
            closing = true;
        }
        connector.close();
        try {
            loop.execute(this::closeOnLoop);
        } finally {
            RegistryLoop.release();
        }
    }

    ServerAddress address() {
        return address;
    }

    private CompletableFuture<HttpAnswer> submit(Exchange exchange) {
        exchange.result.whenComplete((answer, failure) -> onLoop(exchange, () -> end(exchange)));
        onLoop(exchange, () -> begin(exchange));
        return exchange.result;
    }

    private void begin(Exchange exchange) {
        if (exchange.isDone()) {
            end(exchange);
            return;
        }
        exchanges.add(exchange);
        expire(exchange);
        start(exchange);
    }

    /** Again and again until it is over: a followed answer gains time by what comes. */
    private void expire(Exchange exchange) {
        if (exchange.isDone()) {
            return;
        }
        long left = exchange.nanosLeft();
        if (left <= 0) {
            exchange.fail(
                    exchange.lines == null
                            ? "did not answer within " + exchange.timeout().toMillis() + " ms"
                            : "kept silent for " + exchange.timeout().toMillis() + " ms",
                    null);
        } else {
            exchange.expiresBy(loop.schedule(() -> expire(exchange), left, TimeUnit.NANOSECONDS));
        }
    }

    /** After success, failure or cancellation. */
    private void end(Exchange exchange) {
        exchanges.remove(exchange);
        exchange.end();
    }

    /** Hands it to a connection. On the loop. */
    void start(Exchange exchange) {
        if (exchange.isDone()) {
            return;
        }
        if (closed) {
            exchange.fail("the client was closed", null);
            return;
        }
        HttpConnection kept;
        while ((kept = idle.pollLast()) != null) {
            if (kept.isUsable()) {
                kept.serve(exchange);
                return;
            }
        }
        Duration left = Duration.ofNanos(Math.max(1, exchange.nanosLeft()));
        CompletableFuture<Channel> connecting = connector.connect(left, exchange.request.hasSecret());
        exchange.result.whenComplete((answer, failure) -> connecting.cancel(false));
        connecting.whenComplete((channel, failure) -> {
            if (failure == null) {
                serve(exchange, channel);
            } else if (failure instanceof DiscoveryException expected) {
                exchange.fail(expected);
            } else {
                exchange.fail("cannot be connected to: " + failure, failure);
            }
        });
    }

    private void serve(Exchange exchange, Channel channel) {
        HttpConnection connection = new HttpConnection(this, channel);
        channel.pipeline()
                .addLast("http", new HttpClientCodec(16 << 10, 64 << 10, 64 << 10))
                .addLast("exchange", connection);
        if (exchange.isDone() || closed) {
            exchange.fail("the client was closed", null); // changes nothing if it was cancelled
            connection.close();
        } else {
            connection.serve(exchange);
        }
    }

    /** A connection is free for the next exchange, for a while. */
    void idle(HttpConnection connection) {
        if (closed) {
            connection.close();
            return;
        }
        idle.addLast(connection);
        loop.schedule(() -> closeIfIdle(connection), IDLE.toMillis(), TimeUnit.MILLISECONDS);
    }

    void gone(HttpConnection connection) {
        idle.remove(connection);
    }

    private void closeIfIdle(HttpConnection connection) {
        if (idle.remove(connection)) {
            connection.close();
        }
    }

    private void closeOnLoop() {
        closed = true;
        List.copyOf(exchanges).forEach(exchange -> exchange.fail("the client was closed", null));
        List.copyOf(idle).forEach(HttpConnection::close);
        idle.clear();
    }

    private void onLoop(Exchange exchange, Runnable step) {
        if (loop.inEventLoop()) {
            step.run();
            return;
        }
        try {
            loop.execute(step);
        } catch (RejectedExecutionException e) {
            LOG.trace("{}: the HTTP thread has ended", address, e);
            exchange.fail("the client was closed", null);
        }
    }
}
