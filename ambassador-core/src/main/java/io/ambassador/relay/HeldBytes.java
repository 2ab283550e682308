package io.ambassador.relay;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Holds what a client sends, and that it has finished, until there is a backend. All of it then goes on in its order
 * to the next handler, so that those that a protocol adds behind this one miss nothing.
 */
final class HeldBytes extends ChannelInboundHandlerAdapter {
    /** Beyond this the client is no longer read; what one read has brought is still held. */
    static final int LIMIT = 64 * 1024;

    private @Nullable Queue<Object> waiting; // few clients are that early
    private @Nullable ChannelHandlerContext context;
    private int bytes;
    private boolean tlsClosed;
    private boolean ended;

    /** Whether the client has said that it will send no more. */
    boolean hasEnded() {
        return ended;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        hold(message);
        if (message instanceof ByteBuf buffer) {
            bytes += buffer.readableBytes();
        }
        if (bytes >= LIMIT) {
            ctx.channel().config().setAutoRead(false);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {}

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        tlsClosed |= event instanceof SslCloseCompletionEvent close && close.isSuccess();
        boolean cutShort = !tlsClosed && ctx.pipeline().get(SslHandler.class) != null;
        boolean end = event == ChannelInputShutdownEvent.INSTANCE || event instanceof SslCloseCompletionEvent;
        if (end && !cutShort) {
            ended = true;
            hold(event);
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    private void hold(Object next) {
        if (waiting == null) {
            waiting = new ArrayDeque<>(2);
        }
        waiting.add(next);
    }

    private @Nullable Object next() {
        return waiting == null ? null : waiting.poll();
    }

    /** Hands everything on and leaves the pipeline. */
    void letGo() {
        ChannelHandlerContext ctx = context;
        if (ctx == null || ctx.isRemoved()) {
            return;
        }
        boolean any = bytes > 0;
        for (Object next; (next = next()) != null; ) {
            if (next instanceof ByteBuf) {
                ctx.fireChannelRead(next);
            } else {
                ctx.fireUserEventTriggered(next);
            }
        }
        if (any) {
            ctx.fireChannelReadComplete();
        }
        if (!ctx.isRemoved()) {
            ctx.pipeline().remove(this);
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (waiting != null) {
            waiting.forEach(ReferenceCountUtil::release);
            waiting = null;
        }
        context = null;
    }
}
