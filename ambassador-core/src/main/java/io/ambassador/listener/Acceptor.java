package io.ambassador.listener;

import io.ambassador.service.AllowSpec;
import io.ambassador.service.Cidr;
import io.ambassador.spi.routing.Route;
import io.ambassador.spi.routing.RouteRequest;
import io.ambassador.spi.routing.Router;
import io.ambassador.transport.Transport;
import io.ambassador.upstream.Connection;
import io.ambassador.upstream.Gateway;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What happens to a client between accept and its {@link Connection}: allow-lists, PROXY header, route, limits. On the
 * client's event loop.
 */
@Sharable
final class Acceptor extends ChannelInitializer<Channel> {
    private final Router router;
    private final Map<String, Gateway> targets;
    private final Gateway entry;
    private final AcceptGate gate;

    /** @param entry the service whose allow-lists and PROXY settings this listener has */
    Acceptor(Router router, Map<String, Gateway> targets, Gateway entry, AcceptGate gate) {
        this.router = router;
        this.targets = targets;
        this.entry = entry;
        this.gate = gate;
    }

    @Override
    protected void initChannel(Channel client) {
        gate.entered();
        client.closeFuture().addListener(closed -> gate.left());
        List<Cidr> senders = entry.service().spec().proxyProtocol().acceptFrom();
        if (senders.isEmpty()) {
            SocketAddress local = client.localAddress();
            SocketAddress remote = client.remoteAddress();
            admit(client, remote == null ? local : remote, local); // clients of a unix socket have no address
        } else if (Cidr.anyContains(senders, ip(client.remoteAddress()))) {
            client.pipeline()
                    .addLast("proxy-protocol", new HAProxyMessageDecoder())
                    .addLast("proxy-header", new ProxyHeaderReader(entry.service(), this));
            client.config().setAutoRead(true);
        } else {
            Connection.turnAway(
                    entry.service(), client, client.remoteAddress() + " is not in proxy-protocol.accept-from");
        }
    }

    /** @param source where the client comes from, be it from a PROXY header */
    void admit(Channel client, SocketAddress source, SocketAddress destination) {
        String refused = refusal(client, source);
        if (refused != null) {
            Connection.turnAway(entry.service(), client, refused);
            return;
        }
        Route route = router.route(new RouteRequest(source, destination, null));
        Gateway target = route == null ? null : targets.get(route.service());
        if (target == null) {
            Connection.turnAway(entry.service(), client, "no route fits " + source);
        } else if (target.service().tryEnter()) {
            new Connection(target, client, source, destination).start();
        } else {
            Connection.refuseForLimit(target, client);
        }
    }

    private @Nullable String refusal(Channel client, SocketAddress source) {
        AllowSpec allow = entry.service().spec().allow();
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

    /** Resets a client whose set-up failed: a defect, not the client's doing. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        entry.service().log().error("A client could not be set up.", cause);
        Transport.reset(ctx.channel());
    }
}
