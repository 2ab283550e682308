package io.ambassador.spi.protocol;

import io.ambassador.spi.secret.CredentialException;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.DecoderException;
import io.netty.util.concurrent.Promise;

/**
 * One exchange at the start of a connection, after which the handler leaves the pipeline. A subclass writes in
 * {@link #begin}, reads in {@code decode} and ends with {@link #succeed} or an exception; early close and failures
 * are handled here, the deadline by the caller.
 *
 * @param <T> what the exchange finds out
 */
public abstract class Handshake<T> extends ByteToMessageDecoder {
    private final Promise<T> outcome;

    protected Handshake(Promise<T> outcome) {
        this.outcome = outcome;
    }

    /** Called once, when the channel is active and this handler is in place: the side that speaks first writes here. */
    protected void begin(ChannelHandlerContext ctx) throws CredentialException {}

    /** Completes the exchange, then leaves the pipeline; bytes not consumed go on to the next handler. */
    protected final void succeed(ChannelHandlerContext ctx, T result) {
        outcome.trySuccess(result);
        ctx.pipeline().remove(this);
    }

    protected final void fail(ChannelHandlerContext ctx, Throwable cause) {
        outcome.tryFailure(cause);
        ctx.close();
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

    private void start(ChannelHandlerContext ctx) {
        try {
            begin(ctx);
        } catch (CredentialException e) {
            fail(ctx, e);
        }
    }
}
