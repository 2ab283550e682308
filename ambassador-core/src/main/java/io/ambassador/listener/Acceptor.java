package io.ambassador.listener;

import io.ambassador.explain.EndReason;
import io.ambassador.explain.Trail;
import io.ambassador.service.AllowSpec;
import io.ambassador.service.Cidr;
import io.ambassador.service.Service;
import io.ambassador.spi.routing.Route;
import io.ambassador.spi.routing.RouteRequest;
import io.ambassador.transport.Transport;
import io.ambassador.upstream.Connection;
import io.ambassador.upstream.Gateway;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What happens to a client between accept and its {@link Connection}: allow-lists, PROXY header, route, limits. On the
 * client's event loop.
 */
@Sharable
final class Acceptor extends ChannelInboundHandlerAdapter {
    private final AcceptGate gate;
    private volatile Entrance entrance;

    Acceptor(Entrance entrance, AcceptGate gate) {
        this.entrance = entrance;
        this.gate = gate;
    }

    Entrance entrance() {
        return entrance;
    }

    void open(Channel listener) {
        gate.guard(listener);
    }

    /** For clients that are admitted from now on. Any thread. */
    void lead(Entrance to) {
        entrance = to;
    }

    /** Once its channel is registered. */
    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        Channel client = ctx.channel();
        try {
            begin(client);
        } catch (Throwable e) { // a defect, not the client's doing
            entrance.entry().service().defect("A client could not be set up.", e);
            Transport.reset(client);
        } finally {
            if (!ctx.isRemoved()) {
                ctx.pipeline().remove(this);
            }
        }
    }

    private void begin(Channel client) {
        gate.entered();
        client.closeFuture().addListener(closed -> gate.left());
        Service entry = entrance.entry().service();
        Trail trail = new Trail(entry.name(), address(client));
        List<Cidr> senders = entry.spec().proxyProtocol().acceptFrom();
        if (senders.isEmpty()) {
            admit(client, address(client), client.localAddress(), trail);
        } else if (Cidr.anyContains(senders, ip(client.remoteAddress()))) {
            client.pipeline()
                    .addLast("proxy-protocol", new HAProxyMessageDecoder())
                    .addLast("proxy-header", new ProxyHeaderReader(entry, this, trail));
            client.config().setAutoRead(true);
        } else {
            Connection.turnAway(
                    entry,
                    client,
                    trail,
                    EndReason.NOT_ALLOWED,
                    client.remoteAddress() + " is not in proxy-protocol.accept-from");
        }
    }

    /** @param source where the client comes from, be it from a PROXY header */
    void admit(Channel client, SocketAddress source, SocketAddress destination, Trail trail) {
        trail.client(source);
        while (!tryAdmit(entrance, client, source, destination, trail)) {
            // led elsewhere at this very moment
        }
    }

    /** Does nothing, and tells so, if {@code used} has been replaced: what it leads to may be about to end. */
    private boolean tryAdmit(
            Entrance used, Channel client, SocketAddress source, SocketAddress destination, Trail trail) {
        Service entry = used.entry().service();
        String refused = refusal(entry.spec().allow(), client, source);
        if (refused != null) {
            Connection.turnAway(entry, client, trail, EndReason.NOT_ALLOWED, refused);
            return true;
        }
        Route route = used.router().route(new RouteRequest(source, destination, null));
        Gateway target = route == null ? null : used.targets().get(route.service());
        if (route == null || target == null) {
            Connection.turnAway(entry, client, trail, EndReason.NOT_ALLOWED, "no route fits " + source);
            return true;
        }
        target.service().retain();
        if (used != entrance) {
            target.service().release();
            return false;
        }
        trail.routed(route.service(), route.reason());
        if (target.service().tryEnter()) {
            serve(target, client, source, destination, trail);
        } else {
            Connection.refuseForLimit(target, client, trail);
            target.service().release();
        }
        return true;
    }

    private static void serve(
            Gateway target, Channel client, SocketAddress source, SocketAddress destination, Trail trail) {
        Connection connection;
        try {
            connection = new Connection(target, client, source, destination, trail);
        } catch (RuntimeException e) { // a defect of the protocol's
            Service service = target.service();
            service.defect("A session could not begin.", e);
            Connection.turnAway(
                    service,
                    client,
                    trail,
                    EndReason.INTERNAL_ERROR,
                    "the session could not begin: " + e.getClass().getSimpleName());
            service.leave();
            service.release();
            return;
        }
        connection.start();
    }

    /** Clients of a unix socket have none of their own. */
    private static SocketAddress address(Channel client) {
        SocketAddress remote = client.remoteAddress();
        return remote == null ? client.localAddress() : remote;
    }

    private static @Nullable String refusal(AllowSpec allow, Channel client, SocketAddress source) {
        boolean unix = !(client.remoteAddress() instanceof InetSocketAddress);
        if (!unix && !allow.sources().isEmpty() && !Cidr.anyContains(allow.sources(), ip(source))) {
            return source + " is not in allow.sources";
        }
        if (unix && !allow.uids().isEmpty()) {
            try {
                long uid = Integer.toUnsignedLong(
                        ((EpollDomainSocketChannel) client).peerCredentials().uid());
                return allow.uids().contains(uid) ? null : "user " + uid + " is not in allow.uids";
            } catch (IOException e) {
                return "its user cannot be told: " + e.getMessage();
            }
        }
        return null;
    }

    private static @Nullable InetAddress ip(@Nullable SocketAddress address) {
        return address instanceof InetSocketAddress inet ? inet.getAddress() : null;
    }
}
