package io.ambassador.discovery.support.http;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.dns.EndpointResolver;
import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.IpAddresses;
import io.ambassador.discovery.support.TlsOptions;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.transport.TlsContexts;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration TLS_INTERVAL = Duration.ofSeconds(2);
    private static final Duration IDLE = Duration.ofSeconds(20);

    private final HttpAddress address;
    private final ScheduledExecutorService scheduler;
    private final EndpointResolver resolver;
    private final EventLoop loop = HttpLoop.acquire();
    private final Set<Exchange> exchanges = new HashSet<>(); // on the loop, as all below
    private final Deque<HttpConnection> idle = new ArrayDeque<>();
    private @Nullable TlsContexts tls;
    private int connects;
    private boolean closed;
    private boolean closing; // guarded by this

    /**
     * Opens nothing yet.
     *
     * @param options for looking up the server's name
     * @param scheduler the control thread
     */
    public HttpClient(HttpAddress address, DnsOptions options, ScheduledExecutorService scheduler) {
        this.address = address;
        this.scheduler = scheduler;
        this.resolver = new EndpointResolver(options, scheduler);
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
        resolver.close();
        try {
            loop.execute(this::closeOnLoop);
        } finally {
            HttpLoop.release();
        }
    }

    HttpAddress address() {
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
        if (address.socket() != null) {
            connect(exchange, List.of(UnixDomainSocketAddress.of(address.socket())), 0);
        } else {
            lookUp(exchange);
        }
    }

    private void lookUp(Exchange exchange) {
        InetAddress literal = IpAddresses.parse(address.host());
        if (literal != null) {
            connect(exchange, List.of(new InetSocketAddress(literal, address.port())), 0);
            return;
        }
        List<EndpointEntry> entries = List.of(EndpointEntry.of(address.host(), address.port()));
        try {
            scheduler.execute(() -> resolver.resolve(entries)
                    .whenComplete((answer, failure) -> onLoop(exchange, () -> {
                        if (failure != null) {
                            exchange.fail(reason(failure, "cannot be looked up"), failure);
                        } else {
                            lookedUp(exchange, answer.state());
                        }
                    })));
        } catch (RejectedExecutionException e) {
            exchange.fail("the control thread has stopped", e);
        }
    }

    private void lookedUp(Exchange exchange, EndpointState state) {
        if (state instanceof EndpointState.Known known && !known.endpoints().isEmpty()) {
            List<SocketAddress> addresses = new ArrayList<>();
            for (Endpoint endpoint : known.endpoints()) {
                InetAddress literal = IpAddresses.parse(endpoint.host());
                if (literal != null) {
                    addresses.add(new InetSocketAddress(literal, endpoint.port()));
                }
            }
            connect(exchange, addresses, 0);
        } else if (state instanceof EndpointState.Unreachable unreachable) {
            exchange.fail(unreachable.cause());
        } else {
            exchange.fail("DNS knows no address of " + address.host(), null);
        }
    }

    /** Tries one address after the other, another first each time. */
    private void connect(Exchange exchange, List<SocketAddress> addresses, int tried) {
        if (exchange.isDone()) {
            return;
        }
        SocketAddress to = addresses.get(Math.floorMod(connects++, addresses.size()));
        if (exchange.request.hasSecret() && !maySeeSecrets(to)) {
            exchange.fail(
                    "the secret would cross the network in the clear. Use TLS, or set insecure = true if that is"
                            + " meant",
                    null);
            return;
        }
        long millis = Math.min(CONNECT_TIMEOUT.toMillis(), TimeUnit.NANOSECONDS.toMillis(exchange.nanosLeft()) + 1);
        boolean unix = to instanceof UnixDomainSocketAddress;
        new Bootstrap()
                .group(loop)
                .channel(unix ? NioDomainSocketChannel.class : NioSocketChannel.class)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, Math.toIntExact(Math.max(1, millis)))
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast("http", new HttpClientCodec(16 << 10, 64 << 10, 64 << 10));
                    }
                })
                .connect(to)
                .addListener(connected -> {
                    if (connected.isSuccess()) {
                        secure(exchange, ((ChannelFuture) connected).channel());
                    } else if (tried + 1 < addresses.size()) {
                        connect(exchange, addresses, tried + 1);
                    } else {
                        exchange.fail(reason(connected.cause(), "cannot be connected to"), connected.cause());
                    }
                });
    }

    private boolean maySeeSecrets(SocketAddress to) {
        return address.tls() != null
                || address.insecure()
                || !(to instanceof InetSocketAddress inet)
                || inet.getAddress().isLoopbackAddress();
    }

    private void secure(Exchange exchange, Channel channel) {
        if (address.tls() == null) {
            serve(exchange, channel);
            return;
        }
        TlsContexts contexts;
        try {
            contexts = contexts();
        } catch (ConfigurationException e) {
            channel.close();
            exchange.fail(String.valueOf(e.getMessage()), e);
            return;
        }
        SslHandler handler = contexts.newHandler(channel.alloc(), Endpoint.of("0.0.0.0", address.port()));
        handler.setHandshakeTimeoutMillis(CONNECT_TIMEOUT.toMillis());
        channel.pipeline().addFirst("tls", handler);
        handler.handshakeFuture().addListener(done -> {
            if (done.isSuccess()) {
                serve(exchange, channel);
            } else {
                channel.close();
                exchange.fail("TLS failed: " + contexts.explain(done.cause()), done.cause());
            }
        });
    }

    private TlsContexts contexts() throws ConfigurationException {
        TlsContexts contexts = tls;
        TlsOptions options = Objects.requireNonNull(address.tls());
        if (contexts == null) {
            String name = options.serverName() == null ? address.host() : options.serverName();
            contexts = TlsContexts.load(
                    "tls", name, options.ca(), options.certificate(), options.key(), TLS_INTERVAL, loop);
            tls = contexts;
        }
        return contexts;
    }

    private void serve(Exchange exchange, Channel channel) {
        HttpConnection connection = new HttpConnection(this, channel);
        channel.pipeline().addLast("exchange", connection);
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
        if (tls != null) {
            tls.close();
        }
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

    /** Why it failed, without what Netty adds of its own. */
    static String reason(@Nullable Throwable cause, String otherwise) {
        if (cause == null || cause.getMessage() == null) {
            return otherwise;
        }
        if (!(cause instanceof IOException)) {
            return otherwise + ": " + cause.getMessage();
        }
        int at = cause.getMessage().lastIndexOf(": /");
        String message = at > 0 ? cause.getMessage().substring(0, at) : cause.getMessage();
        return otherwise + ": " + message;
    }
}
