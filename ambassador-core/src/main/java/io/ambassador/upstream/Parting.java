package io.ambassador.upstream;

import io.ambassador.transport.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.TimeUnit;

/**
 * Sends a client its last words. What the client sends meanwhile is read and dropped: closing over unread data would
 * make the kernel reset the connection, and the words could be lost.
 */
final class Parting extends ChannelInboundHandlerAdapter {
    private static final long GRACE_MILLIS = 1_000;

    private Parting() {}

    /** Writes {@code words} and closes; resets at once if there are none. */
    static void say(Channel client, ByteBuf words) {
        if (!words.isReadable()) {
            words.release();
            Transport.reset(client);
            return;
        }
        client.pipeline().addLast("parting", new Parting());
        client.config().setAutoRead(true);
        client.writeAndFlush(words).addListener(written -> {
            if (written.isSuccess() && client instanceof DuplexChannel duplex) {
                duplex.shutdownOutput();
            } else {
                client.close();
            }
        });
        client.eventLoop().schedule(() -> client.close(), GRACE_MILLIS, TimeUnit.MILLISECONDS);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ReferenceCountUtil.release(message);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) {
            ctx.close();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }
}
