package io.ambassador.spi.protocol;

import io.ambassador.spi.secret.CredentialException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.DecoderException;
import io.netty.util.concurrent.Promise;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One exchange at the start of a connection, after which the handler leaves the pipeline. A subclass writes in
 * {@link #begin}, reads in {@code decode} and ends with {@link #succeed} or an exception; early close, failures and
 * more than 64 KiB that {@code decode} leaves unread are handled here, the deadline by the caller.
 *
 * @param <T> what the exchange finds out
 */
public abstract class Handshake<T> extends ByteToMessageDecoder {
    /** Bytes that may wait for what they lack; a peer that sends more than this in one message is up to no good. */
    private static final int MOST_HELD = 64 * 1024;

    private final Promise<T> outcome;
    private boolean begun;
    private boolean failed;

    protected Handshake(Promise<T> outcome) {
        this.outcome = outcome;
    }

    /** Called once, when the channel is active and this handler is in place: the side that speaks first writes here. */
    protected void begin(ChannelHandlerContext ctx) throws CredentialException {}

    /**
     * Completes the exchange, then leaves the pipeline; bytes not consumed go on to the next handler.
     *
     * @param result {@code null} where {@code T} is {@link Void}
     */
    protected final void succeed(ChannelHandlerContext ctx, @Nullable T result) {
        outcome.trySuccess(result);
        ctx.pipeline().remove(this);
    }

    /**
     * Ends the exchange and closes the channel, unless whoever waits for the outcome takes this handler away and goes
     * on with the channel; bytes not consumed are dropped.
     */
    protected final void fail(ChannelHandlerContext ctx, Throwable cause) {
        failed = true;
        outcome.tryFailure(cause);
        if (!ctx.isRemoved()) {
            ctx.close();
        }
    }

    @Override
    public final void handlerAdded(ChannelHandlerContext ctx) {
        if (ctx.channel().isActive()) {
            start(ctx);
        }
    }

    @Override
    public final void channelActive(ChannelHandlerContext ctx) {
        start(ctx);
        ctx.fireChannelActive();
    }

    @Override
    public final void channelInactive(ChannelHandlerContext ctx) throws Exception {
        super.channelInactive(ctx);
        outcome.tryFailure(
                new LoginException(LoginException.Kind.UNAVAILABLE, "The connection was closed during the handshake."));
    }

    /** A peer that stops sending in the middle of a handshake will not finish it. */
    @Override
    public final void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
        super.userEventTriggered(ctx, event);
        if (event == ChannelInputShutdownEvent.INSTANCE && !ctx.isRemoved()) {
            fail(
                    ctx,
                    new LoginException(LoginException.Kind.UNAVAILABLE, "The peer stopped sending in the handshake."));
        }
    }

    @Override
    public final void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Throwable reason = cause instanceof DecoderException && cause.getCause() != null ? cause.getCause() : cause;
        fail(ctx, reason);
    }

    /** What follows a failure is not looked at: it must neither reach the next handler nor end in success. */
    @Override
    protected final void callDecode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (failed) {
            in.skipBytes(in.readableBytes());
            return;
        }
        super.callDecode(ctx, in, out);
        if (!failed && !ctx.isRemoved() && in.readableBytes() > MOST_HELD) {
            in.skipBytes(in.readableBytes());
            fail(
                    ctx,
                    new LoginException(
                            LoginException.Kind.PROTOCOL, "More than 64 KiB came in one piece of the handshake."));
        }
    }

    /** A handler added while its channel connects sees both {@code handlerAdded} and {@code channelActive}. */
    private void start(ChannelHandlerContext ctx) {
        if (begun) {
            return;
        }
        begun = true;
        try {
            begin(ctx);
        } catch (CredentialException | RuntimeException e) {
            fail(ctx, e);
        }
    }
}
