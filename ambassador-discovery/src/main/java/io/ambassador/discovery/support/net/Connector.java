package io.ambassador.discovery.support.net;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.dns.EndpointResolver;
import io.ambassador.discovery.support.EndpointEntry;
import io.ambassador.discovery.support.IpAddresses;
import io.ambassador.discovery.support.TlsOptions;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.discovery.DiscoveryException;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.transport.TlsContexts;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connects to one server: looks its name up by TTL without blocking, tries its addresses one after the other, another
 * first each time, and verifies its certificate. To be used on {@link RegistryLoop}; {@link #close()} is for any thread.
 */
public final class Connector implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Connector.class);

    /**
     * The kernel sends again what was lost when a connection was begun after 1 s, then after 2 s more: a new attempt is
     * sooner there once the network is back.
     */
    private static final Duration CONNECT_TIMEOUT = Duration.ofMillis(1_500);

    private static final Duration TLS_TIMEOUT = Duration.ofSeconds(3);
    private static final Duration TLS_INTERVAL = Duration.ofSeconds(2);

    private final ServerAddress address;
    private final ScheduledExecutorService scheduler;
    private final EventLoop loop;
    private final EndpointResolver resolver;
    private @Nullable TlsContexts tls; // on the loop, as all below
    private int connects;
    private boolean closed;

    /**
     * Opens nothing yet.
     *
     * @param options for looking up the server's name
     * @param scheduler the control thread
     */
    public Connector(ServerAddress address, DnsOptions options, ScheduledExecutorService scheduler, EventLoop loop) {
        this.address = address;
        this.scheduler = scheduler;
        this.loop = loop;
        this.resolver = new EndpointResolver(options, scheduler);
    }

    /**
     * A connection that is ready to be spoken on, its certificate verified.
     *
     * @param timeout for one address: 1.5 s at most until it is connected, then 3 s at most for TLS
     * @param secret whether a secret will be sent, which must not cross a network in the clear
     * @return completes on the loop; fails with a {@link DiscoveryException} that names server and reason. Once it is
     *     cancelled, what becomes of the attempt is closed
     */
    public CompletableFuture<Channel> connect(Duration timeout, boolean secret) {
        CompletableFuture<Channel> result = new CompletableFuture<>();
        new Attempt(result, timeout, secret).begin();
        return result;
    }

    private static int millis(Duration timeout, Duration most) {
        return (int) Math.max(1, Math.min(timeout.toMillis(), most.toMillis()));
    }

    @Override
    public void close() {
        resolver.close();
        try {
            loop.execute(() -> {
                closed = true;
                if (tls != null) {
                    tls.close();
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.trace("{}: the thread has ended", address, e);
        }
    }

    /** Why it failed, without what Netty adds of its own. */
    public static String reason(@Nullable Throwable cause, String otherwise) {
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

    /** The handshake's future tells it already; Netty would log it once more, with a stack trace. */
    @ChannelHandler.Sharable
    private static final class HandshakeFailure extends ChannelInboundHandlerAdapter {
        private static final HandshakeFailure IGNORED = new HandshakeFailure();

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            LOG.trace("{}: the TLS handshake failed", ctx.channel().remoteAddress(), cause);
        }
    }

    private final class Attempt {
        private final CompletableFuture<Channel> result;
        private final Duration timeout;
        private final boolean secret;
        private List<SocketAddress> addresses = List.of();
        private int tried;

        Attempt(CompletableFuture<Channel> result, Duration timeout, boolean secret) {
            this.result = result;
            this.timeout = timeout;
            this.secret = secret;
        }

        void begin() {
            if (address.socket() != null) {
                connectTo(List.of(UnixDomainSocketAddress.of(address.socket())));
                return;
            }
            InetAddress literal = IpAddresses.parse(address.host());
            if (literal != null) {
                connectTo(List.of(new InetSocketAddress(literal, address.port())));
                return;
            }
            List<EndpointEntry> entries = List.of(EndpointEntry.of(address.host(), address.port()));
            try {
                scheduler.execute(() -> resolver.resolve(entries)
                        .whenComplete((answer, failure) -> onLoop(() -> {
                            if (failure != null) {
                                fail(reason(failure, "cannot be looked up"), failure);
                            } else {
                                lookedUp(answer.state());
                            }
                        })));
            } catch (RejectedExecutionException e) {
                fail("the control thread has stopped", e);
            }
        }

        private void lookedUp(EndpointState state) {
            if (state instanceof EndpointState.Known known && !known.endpoints().isEmpty()) {
                List<SocketAddress> found = new ArrayList<>();
                for (Endpoint endpoint : known.endpoints()) {
                    InetAddress literal = IpAddresses.parse(endpoint.host());
                    if (literal != null) {
                        found.add(new InetSocketAddress(literal, endpoint.port()));
                    }
                }
                connectTo(found);
            } else if (state instanceof EndpointState.Unreachable unreachable) {
                result.completeExceptionally(unreachable.cause());
            } else {
                fail("DNS knows no address of " + address.host(), null);
            }
        }

        private void connectTo(List<SocketAddress> found) {
            addresses = found;
            connect();
        }

        private void connect() {
            if (result.isDone()) {
                return;
            }
            if (closed) {
                fail("the client was closed", null);
                return;
            }
            SocketAddress to = addresses.get(Math.floorMod(connects++, addresses.size()));
            if (secret && !maySeeSecrets(to)) {
                fail(
                        "the secret would cross the network in the clear. Use TLS, or set insecure = true if that is"
                                + " meant",
                        null);
                return;
            }
            tried++;
            boolean unix = to instanceof UnixDomainSocketAddress;
            new Bootstrap()
                    .group(loop)
                    .channel(unix ? NioDomainSocketChannel.class : NioSocketChannel.class)
                    .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, millis(timeout, CONNECT_TIMEOUT))
                    .handler(new ChannelInboundHandlerAdapter())
                    .connect(to)
                    .addListener(connected -> {
                        if (connected.isSuccess()) {
                            secure(((ChannelFuture) connected).channel());
                        } else if (tried < addresses.size()) {
                            connect();
                        } else {
                            fail(reason(connected.cause(), "cannot be connected to"), connected.cause());
                        }
                    });
        }

        private boolean maySeeSecrets(SocketAddress to) {
            return address.tls() != null
                    || address.insecure()
                    || !(to instanceof InetSocketAddress inet)
                    || inet.getAddress().isLoopbackAddress();
        }

        private void secure(Channel channel) {
            if (address.tls() == null) {
                succeed(channel);
                return;
            }
            TlsContexts contexts;
            try {
                contexts = contexts();
            } catch (ConfigurationException e) {
                channel.close();
                fail(String.valueOf(e.getMessage()), e);
                return;
            }
            SslHandler handler = contexts.newHandler(channel.alloc(), Endpoint.of("0.0.0.0", address.port()));
            handler.setHandshakeTimeoutMillis(millis(timeout, TLS_TIMEOUT));
            channel.pipeline().addFirst("tls", handler);
            channel.pipeline().addLast("handshake-failure", HandshakeFailure.IGNORED);
            handler.handshakeFuture().addListener(done -> {
                if (done.isSuccess()) {
                    channel.pipeline().remove(HandshakeFailure.IGNORED);
                    succeed(channel);
                } else {
                    channel.close();
                    fail("TLS failed: " + contexts.explain(done.cause()), done.cause());
                }
            });
        }

        private void succeed(Channel channel) {
            if (closed || !result.complete(channel)) {
                channel.close(); // nobody waits for it any more
                fail("the client was closed", null);
            }
        }

        private void fail(String reason, @Nullable Throwable cause) {
            result.completeExceptionally(new DiscoveryException(address + ": " + reason, cause));
        }

        private void onLoop(Runnable step) {
            try {
                loop.execute(step);
            } catch (RejectedExecutionException e) {
                fail("the client was closed", e);
            }
        }
    }
}
