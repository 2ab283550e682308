package io.ambassador.listener;

import io.ambassador.explain.EndReason;
import io.ambassador.explain.Trail;
import io.ambassador.service.Service;
import io.ambassador.upstream.Connection;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Waits for the PROXY header that a listed sender must begin with; without one in time the sender is turned away. */
final class ProxyHeaderReader extends ChannelInboundHandlerAdapter {
    private static final long TIMEOUT_SECONDS = 10;

    private final Service service;
    private final Acceptor acceptor;
    private final Trail trail;
    private @Nullable Future<?> timer;
    private boolean over;

    ProxyHeaderReader(Service service, Acceptor acceptor, Trail trail) {
        this.service = service;
        this.acceptor = acceptor;
        this.trail = trail;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        timer = ctx.executor()
                .schedule(() -> refuse(ctx, "no PROXY header within 10 s"), TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (timer != null) {
            timer.cancel(false);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!(message instanceof HAProxyMessage header)) {
            ctx.fireChannelRead(message);
            return;
        }
        try {
            SocketAddress source = ctx.channel().remoteAddress();
            SocketAddress destination = ctx.channel().localAddress();
            if (header.command() == HAProxyCommand.PROXY && isTcp(header.proxiedProtocol())) {
                source = address(header.sourceAddress(), header.sourcePort());
                destination = address(header.destinationAddress(), header.destinationPort());
            }
            ctx.channel().config().setAutoRead(false);
            over = true;
            acceptor.admit(ctx.channel(), source, destination, trail);
            ctx.pipeline().remove(this);
        } catch (UnknownHostException e) {
            refuse(ctx, "its PROXY header has no address");
        } finally {
            header.release();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        refuse(ctx, "its PROXY header cannot be read");
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (timer != null) {
            timer.cancel(false);
        }
        gone();
        ctx.fireChannelInactive();
    }

    /** Who has finished sending will send no header: a port probe, mostly. */
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE && !over) {
            gone();
            ctx.close();
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    private void gone() {
        if (!over) {
            over = true;
            service.ended(trail.end(EndReason.CLIENT_GONE, "before its PROXY header", 0, 0), null);
        }
    }

    /** Once: what the decoder finds wrong it may find wrong again as the channel closes. */
    private void refuse(ChannelHandlerContext ctx, String why) {
        if (over) {
            return;
        }
        over = true;
        Connection.turnAway(
                service,
                ctx.channel(),
                trail,
                EndReason.PROXY_HEADER_FAILED,
                ctx.channel().remoteAddress() + ": " + why);
    }

    private static boolean isTcp(HAProxyProxiedProtocol protocol) {
        return protocol == HAProxyProxiedProtocol.TCP4 || protocol == HAProxyProxiedProtocol.TCP6;
    }

    private static SocketAddress address(@Nullable String host, int port) throws UnknownHostException {
        byte[] literal = host == null ? null : NetUtil.createByteArrayFromIpAddressString(host);
        if (literal == null) {
            throw new UnknownHostException(host);
        }
        return new InetSocketAddress(InetAddress.getByAddress(literal), port);
    }
}
