package io.ambassador.launcher.admin;

import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import java.io.IOException;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Closes connections of users that may not use a unix socket, by the kernel's word. */
@ChannelHandler.Sharable
final class PeerCheck extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger("ambassador.admin");

    private final Set<Long> uids;

    PeerCheck(Set<Long> uids) {
        this.uids = uids;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) throws IOException {
        long uid = Integer.toUnsignedLong(
                ((EpollDomainSocketChannel) ctx.channel()).peerCredentials().uid());
        if (uids.contains(uid)) {
            ctx.fireChannelActive();
        } else {
            LOG.warn("User {} is not in admin.uids: turned away.", uid);
            ctx.close();
        }
    }

    /** Who cannot be told is not let in. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.warn("A user cannot be told: turned away.", cause);
        ctx.close();
    }
}
