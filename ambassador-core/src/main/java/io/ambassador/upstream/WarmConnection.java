package io.ambassador.upstream;

import io.ambassador.service.PooledEndpoint;
import io.ambassador.service.SecretKeeper;
import io.ambassador.service.Service;
import io.ambassador.spi.protocol.Session;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.util.ReferenceCountUtil;

/**
 * A connection that is logged in and waits for a client. It is read all the time: whatever comes, be it a byte, an end
 * or an error, makes it useless. On its event loop.
 */
final class WarmConnection extends ChannelInboundHandlerAdapter {
    private final WarmStock stock;
    private final Object key;
    private final Session session;
    private final PooledEndpoint endpoint;
    private final Channel backend;
    private final long secretVersion;
    private final long since = System.nanoTime();
    private final long expires;
    private boolean left;

    /** @param expires in {@link System#nanoTime} */
    WarmConnection(
            WarmStock stock,
            Object key,
            Session session,
            PooledEndpoint endpoint,
            Channel backend,
            long secretVersion,
            long expires) {
        this.stock = stock;
        this.key = key;
        this.session = session;
        this.endpoint = endpoint;
        this.backend = backend;
        this.secretVersion = secretVersion;
        this.expires = expires;
    }

    Object key() {
        return key;
    }

    Session session() {
        return session;
    }

    PooledEndpoint endpoint() {
        return endpoint;
    }

    Channel backend() {
        return backend;
    }

    long secretVersion() {
        return secretVersion;
    }

    /** Since when it has been waiting, in {@link System#nanoTime}. */
    long since() {
        return since;
    }

    /** Whether a new connection, made now, could be the same. */
    boolean isFit(Service service) {
        SecretKeeper secrets = service.secrets();
        return !left
                && backend.isActive()
                && System.nanoTime() - expires < 0
                && endpoint.isAvailable()
                && service.pool().snapshot().members().contains(endpoint)
                && (secrets == null || secretVersion == 0 || secrets.wantedVersion() == secretVersion);
    }

    void await() {
        backend.pipeline().addLast("warm", this);
        backend.config().setAutoRead(true);
    }

    /** A client has it from now on. */
    void leave() {
        left = true;
        backend.pipeline().remove(this);
    }

    void discard() {
        if (!left) {
            left = true;
            backend.close();
            Guarded.ended(stock.service(), session);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ReferenceCountUtil.release(message);
        broken();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE || event instanceof SslCloseCompletionEvent) {
            broken();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        broken();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        broken();
    }

    private void broken() {
        if (!left) {
            discard();
            stock.broke(this);
        }
    }
}
