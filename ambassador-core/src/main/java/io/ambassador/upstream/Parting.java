package io.ambassador.upstream;

import io.ambassador.transport.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
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
        listen(client);
        client.writeAndFlush(words).addListener(written -> {
            SslHandler tls = client.pipeline().get(SslHandler.class);
            if (!written.isSuccess()) {
                client.close();
            } else if (tls != null) {
                tls.closeOutbound().addListener(closed -> finish(client));
            } else {
                finish(client);
            }
        });
    }

    /** Reads and drops what the client sends until it goes, or has had time to take in what was written to it. */
    static void listen(Channel client) {
        client.pipeline().addLast("parting", new Parting());
        client.config().setAutoRead(true);
        client.eventLoop().schedule(() -> client.close(), GRACE_MILLIS, TimeUnit.MILLISECONDS);
    }

    private static void finish(Channel client) {
        if (client instanceof DuplexChannel duplex) {
            duplex.shutdownOutput();
        } else {
            client.close();
        }
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
