package io.ambassador.relay;

import io.ambassador.spi.protocol.Violation;
import io.ambassador.transport.DirectMemory;
import io.ambassador.transport.KernelRelay;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One side of a relay: what is read here is written to the peer. */
final class RelaySide extends ChannelInboundHandlerAdapter {
    /** How long a broken connection may take to deliver what it still holds. */
    private static final long BROKEN_GRACE_MILLIS = 500;

    private final Relay relay;
    private final boolean fromClient;

    @Nullable Channel channel;

    @Nullable RelaySide peer;

    /** Our side has been told that no more will come. */
    boolean outputShut;

    private boolean inputEnded;
    private boolean broke;
    private boolean tlsClosed;
    private boolean reading;
    private long bulk;
    private int turn;
    private boolean switching;
    private @Nullable Splice splice;
    private @Nullable KernelFlow kernel;

    RelaySide(Relay relay, boolean fromClient) {
        this.relay = relay;
        this.fromClient = fromClient;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!(message instanceof ByteBuf bytes)) {
            ReferenceCountUtil.release(message);
            return;
        }
        RelaySide to = peer;
        if (to == null) {
            bytes.release(); // nothing reads a backend before there is a relay
        } else {
            if (splice != null) {
                splice.abandon(); // the channel was not done with reading when it was taken over
            } else if (kernel != null) {
                kernel.channelRead(bytes); // as above
                return;
            }
            turn += bytes.readableBytes();
            forward(bytes, to);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        relay.active(this);
        RelaySide to = peer;
        if (to != null && to.channel != null) {
            to.channel.flush();
            if (kernel != null || relay.handedToKernel()) {
                return;
            }
            if (isBulk()) {
                switchToSplice(to, to.channel);
            } else {
                pauseIfFull(to.channel);
            }
        }
    }

    /** Whether so much has come without a pause that it pays to spare the copying. */
    private boolean isBulk() {
        bulk = turn < Splice.LITTLE ? 0 : bulk + turn;
        turn = 0;
        return bulk >= relay.spliceAfter();
    }

    /** Once the peer's kernel has taken all that was written: what is spliced must not overtake it. */
    private void switchToSplice(RelaySide to, Channel out) {
        bulk = 0;
        if (switching || !reading || inputEnded || !isPlain() || !to.isPlain()) {
            pauseIfFull(out);
            return;
        }
        if (!isWaiting(out)) {
            splice(to);
            return;
        }
        pause();
        switching = true;
        out.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
            switching = false;
            resumeReading();
            if (written.isSuccess() && reading && !isWaiting(out)) {
                splice(to);
            }
        });
    }

    private void splice(RelaySide to) {
        if (!broke && !to.broke && !to.outputShut) {
            splice = Splice.begin(relay, this, to);
        }
    }

    /** Whether bytes go from socket to socket as they are. */
    boolean isPlain() {
        return channel != null && channel.pipeline().firstContext().handler() == this;
    }

    /** The channel reads on. */
    void fastPathEnded() {
        splice = null;
        kernel = null;
    }

    /** Whether nothing stands in the way of the kernel doing all the rest. */
    boolean isKernelReady(KernelRelay of) {
        return channel != null
                && reading
                && splice == null
                && !switching
                && !inputEnded
                && !broke
                && !outputShut
                && !isWaiting(channel)
                && of.hasReadAll(channel);
    }

    /** From now on {@code flow} reads this side. */
    void handTo(KernelFlow flow) {
        kernel = flow;
    }

    @Nullable KernelFlow kernelFlow() {
        return kernel;
    }

    boolean isBroken() {
        return broke;
    }

    /** Nothing of what was on its way arrives. */
    void close() {
        FastPath path = fastPath();
        if (path != null) {
            path.abandon();
        }
    }

    private @Nullable FastPath fastPath() {
        return splice != null ? splice : kernel;
    }

    boolean isFromClient() {
        return fromClient;
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        RelaySide from = peer;
        if (from != null && ctx.channel().isWritable()) {
            relay.stillActive();
            from.resumeReading();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) {
            inputEnded();
        } else if (event instanceof SslCloseCompletionEvent close && close.isSuccess()) {
            tlsClosed = true;
            inputEnded();
        } else if (event instanceof Violation violation) {
            relay.violated(violation);
        }
    }

    /** A read or a write failed; what the kernel still holds for us can be read all the same. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (broke || outputShut && isOutputClosed(cause)) {
            return;
        }
        broke(ctx.channel());
    }

    private void broke(Channel broken) {
        broke = true;
        if (peer == null) {
            relay.broken(this);
            return;
        }
        broken.config().setAutoRead(true);
        broken.eventLoop().schedule(() -> relay.broken(this), BROKEN_GRACE_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Splicing from this side failed after everything was delivered that had come. */
    void readFailed() {
        broke = true;
        relay.broken(this);
    }

    /** Splicing to this side failed. */
    void writeFailed() {
        if (!broke && channel != null) {
            broke(channel);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        relay.broken(this);
    }

    void resumeReading() {
        Channel from = channel;
        if (kernel != null) {
            kernel.resume();
        } else if (from != null && !reading && !inputEnded && !switching) {
            reading = true;
            from.config().setAutoRead(true);
        }
    }

    void forward(ByteBuf bytes, RelaySide to) {
        Channel out = to.channel;
        if (out == null || to.broke || to.outputShut) {
            bytes.release();
            return;
        }
        relay.counted(fromClient, bytes.readableBytes());
        out.write(bytes, out.voidPromise());
        if (!out.isWritable()) {
            out.flush();
            pauseIfFull(out);
        }
    }

    private void pauseIfFull(Channel out) {
        if (!reading || !out.isActive()) {
            return;
        }
        if (!out.isWritable()) {
            pause();
        } else if (isWaiting(out) && DirectMemory.isScarce()) {
            pause(); // with nobody to tell when to go on but the last of what waits
            out.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
                if (written.isSuccess()) {
                    resumeReading();
                }
            });
        }
    }

    private void pause() {
        Channel in = channel;
        if (in != null && kernel == null) {
            reading = false;
            in.config().setAutoRead(false);
        }
    }

    boolean hasEnded() {
        return inputEnded;
    }

    /** Whether something for this side is on its way. */
    boolean isWaiting() {
        Channel out = channel;
        FastPath path = peer == null ? null : peer.fastPath();
        return out != null && isWaiting(out) || path != null && path.isWaiting();
    }

    /** Whether something was written that the kernel has not taken yet. */
    static boolean isWaiting(Channel out) {
        ChannelOutboundBuffer waiting = out.unsafe().outboundBuffer();
        return waiting != null && waiting.totalPendingWriteBytes() > 0;
    }

    void inputEnded() {
        if (inputEnded) {
            return;
        }
        if (kernel != null) {
            kernel.channelInputShut();
            return;
        }
        inputEnded = true;
        reading = false;
        RelaySide to = peer;
        if (broke || truncated()) {
            relay.broken(this);
        } else if (to != null) {
            passOnEnd(to);
        }
    }

    /** TLS says itself when it is finished; a bare end of the TCP stream may have been forged to cut it short. */
    private boolean truncated() {
        return channel != null && channel.pipeline().get(SslHandler.class) != null && !tlsClosed;
    }

    /** The end follows everything written before it. */
    private void passOnEnd(RelaySide to) {
        Channel out = to.channel;
        if (out == null) {
            return;
        }
        out.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> to.shutOutput());
    }

    private void shutOutput() {
        if (outputShut) {
            return;
        }
        outputShut = true;
        RelaySide from = peer;
        boolean last = from != null && from.outputShut;
        Channel out = channel;
        if (!last && out instanceof DuplexChannel duplex && out.isActive()) {
            SslHandler tls = out.pipeline().get(SslHandler.class);
            if (tls != null) {
                tls.closeOutbound();
            } else {
                duplex.shutdownOutput();
            }
        }
        relay.directionEnded();
    }

    private static boolean isOutputClosed(Throwable cause) {
        return cause instanceof java.nio.channels.ClosedChannelException;
    }
}
