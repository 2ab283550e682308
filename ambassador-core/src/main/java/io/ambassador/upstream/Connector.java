package io.ambassador.upstream;

import io.ambassador.service.ProxyProtocolSpec.Send;
import io.ambassador.service.ServiceSpec;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.transport.ClientTls;
import io.ambassador.transport.Transport;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Opens one connection to one endpoint, up to where a login may begin: TCP, PROXY header, TLS. */
public final class Connector {
    /** @param destination where the client was going */
    record ClientAddress(SocketAddress source, SocketAddress destination) {}

    private final Transport transport;
    private final ServiceSpec spec;
    private final @Nullable ClientTls tls;
    private final boolean tlsAtOnce;

    /**
     * @param tls {@code null} for plain text
     * @param negotiated whether the protocol says when TLS begins
     */
    public Connector(Transport transport, ServiceSpec spec, @Nullable ClientTls tls, boolean negotiated) {
        this.transport = transport;
        this.spec = spec;
        this.tls = tls;
        this.tlsAtOnce = !negotiated;
    }

    /** Whether connections are encrypted, from their beginning or after some words. */
    boolean encrypts() {
        return tls != null;
    }

    /** For what takes longer than an event loop can spare. */
    Executor computations() {
        return transport.computations();
    }

    /**
     * Connects up to where the protocol's own words may begin.
     *
     * @param timeout for TCP and TLS together
     * @param client {@code null} for a connection of our own
     * @param encrypting told when TLS begins
     * @return completed on {@code loop}
     */
    Promise<Channel> connect(
            EventLoop loop, Endpoint endpoint, Duration timeout, @Nullable ClientAddress client, Runnable encrypting) {
        Promise<Channel> connected = loop.newPromise();
        long deadline = System.nanoTime() + timeout.toNanos();
        ChannelFuture dialled =
                transport.connect(loop, endpoint, timeout, spec.limits().userTimeout(), new Initial());
        dialled.addListener(done -> {
            if (!done.isSuccess()) {
                connected.tryFailure(done.cause());
            } else if (!connected.setUncancellable()) {
                dialled.channel().close();
            } else {
                established(dialled.channel(), endpoint, deadline, client, encrypting, connected);
            }
        });
        return connected;
    }

    private void established(
            Channel channel,
            Endpoint endpoint,
            long deadline,
            @Nullable ClientAddress client,
            Runnable encrypting,
            Promise<Channel> connected) {
        Send send = spec.proxyProtocol().send();
        if (send != Send.OFF) {
            SocketAddress source = client == null ? channel.localAddress() : client.source();
            SocketAddress destination = client == null ? channel.remoteAddress() : client.destination();
            ProxyHeader.write(channel, send, source, destination);
        }
        if (tls == null || !tlsAtOnce) {
            channel.pipeline().remove(Initial.class);
            connected.trySuccess(channel);
            return;
        }
        encrypting.run();
        startTls(channel, endpoint, deadline).addListener(done -> {
            if (done.isSuccess()) {
                channel.pipeline().remove(Initial.class);
                connected.trySuccess(channel);
            } else {
                channel.close();
                connected.tryFailure(done.cause());
            }
        });
    }

    /**
     * Encrypts a connection from here on.
     *
     * @param deadline in {@link System#nanoTime}
     * @return fails with a {@link TlsException}
     */
    Future<Void> startTls(Channel channel, Endpoint endpoint, long deadline) {
        ClientTls encryption = Objects.requireNonNull(tls, "tls");
        Promise<Void> verified = channel.eventLoop().newPromise();
        SslHandler handler = encryption.newHandler(channel.alloc(), endpoint);
        handler.setHandshakeTimeoutMillis(Math.max(1, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime())));
        handler.handshakeFuture().addListener(done -> {
            if (done.isSuccess()) {
                verified.trySuccess(null);
            } else {
                boolean late = done.cause() instanceof SslHandshakeTimeoutException;
                verified.tryFailure(new TlsException(encryption.explain(done.cause()), late));
            }
        });
        channel.pipeline().addFirst("tls", handler);
        return verified;
    }

    /** In place until the connection is established: failures up to there are told by futures. */
    private static final class Initial extends ChannelInboundHandlerAdapter {
        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }
}
