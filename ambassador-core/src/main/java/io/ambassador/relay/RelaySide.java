package io.ambassador.relay;

import io.ambassador.spi.protocol.Violation;
import io.ambassador.transport.DirectMemory;
import io.ambassador.transport.SocketEvents;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.channel.unix.UnixChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.nio.channels.NotYetConnectedException;
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
    private boolean waiting;
    private @Nullable SocketEvents events;
    private @Nullable Flow flow;

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
        } else if (flow != null) {
            flow.first(bytes);
        } else {
            forward(bytes, to);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        relay.active(this);
        RelaySide to = peer;
        if (flow != null || to == null || to.channel == null) {
            return;
        }
        to.channel.flush();
        if (canFlow(to)) { // by now, since what read the login has left
            flow(to, to.channel);
            if (to.flow == null) {
                to.flow(this, ctx.channel());
            }
        } else {
            pauseIfFull(to.channel);
        }
    }

    /** Begins to read what this side sends. */
    void begin() {
        RelaySide to = peer;
        if (to != null && to.channel != null && canFlow(to)) {
            flow(to, to.channel);
            return;
        }
        if (fromClient && channel != null && events != null) {
            readPassedOver(channel, events);
        }
        if (flow == null && !relay.isOver()) {
            resumeReading();
        }
    }

    /** What most clients have sent by now need not be waited for. */
    private void readPassedOver(Channel in, SocketEvents of) {
        try {
            ByteBuf bytes = of.readPassedOver(in.alloc());
            if (bytes != null) {
                in.pipeline().fireChannelRead(bytes).fireChannelReadComplete();
            }
        } catch (IOException e) {
            broke(in);
        }
    }

    /** Whether bytes can go from socket to socket past the channels. */
    private boolean canFlow(RelaySide to) {
        return isPlain() && to.isPlain() && !waiting && !inputEnded && !broke && !to.broke && !to.outputShut;
    }

    /** Past the channels, once the peer's kernel has taken all that was written before. */
    private void flow(RelaySide to, Channel out) {
        if (relay.isOver() || !canFlow(to)) {
            return;
        }
        if (isWaiting(out)) {
            pause();
            waiting = true;
            out.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
                waiting = false;
                begin();
            });
        } else if (channel != null && events != null && to.events != null) {
            Flow begun = Flow.begin(relay, this, to, channel.eventLoop(), events, to.events);
            flow = begun;
            begun.moveIfDue();
        }
    }

    /** Whether bytes go between socket and relay as they are, and the socket can be had without its channel. */
    private boolean isPlain() {
        if (events == null
                && channel instanceof UnixChannel // without epoll, SocketEvents cannot even be loaded
                && channel.pipeline().firstContext().handler() == this) {
            events = SocketEvents.of(channel);
        }
        return events != null;
    }

    /** The channel reads on. */
    void flowEnded() {
        flow = null;
        if (!relay.isOver()) {
            resumeReading();
        }
    }

    /** Nothing of what was on its way arrives. */
    void close() {
        if (flow != null) {
            flow.abandon();
        }
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
            if (flow == null) { // which sees it, too, after what came before
                inputEnded();
            }
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

    /** Reading from this side failed after everything was passed on that had come. */
    void readFailed() {
        broke = true;
        relay.broken(this);
    }

    /** Writing to this side failed. */
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
        if (from != null && !reading && !inputEnded && !waiting) {
            reading = true;
            from.config().setAutoRead(true);
        }
    }

    private void forward(ByteBuf bytes, RelaySide to) {
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
        if (in != null) {
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
        return out != null && isWaiting(out) || peer != null && peer.flow != null && peer.flow.isWaiting();
    }

    /** Whether something was written that the kernel has not taken yet. */
    private static boolean isWaiting(Channel out) {
        ChannelOutboundBuffer waiting = out.unsafe().outboundBuffer();
        return waiting != null && waiting.totalPendingWriteBytes() > 0;
    }

    /** No more will come; what came before has been written, if not taken by the kernel. */
    void inputEnded() {
        if (inputEnded) {
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
        return events == null && channel != null && channel.pipeline().get(SslHandler.class) != null && !tlsClosed;
    }

    /** The end follows everything written before it. */
    private void passOnEnd(RelaySide to) {
        Channel out = to.channel;
        if (out == null) {
            return;
        }
        if (to.events != null && !isWaiting(out)) {
            to.shutOutput();
        } else {
            out.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> to.shutOutput());
        }
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
            endOutput(duplex);
        }
        relay.directionEnded();
    }

    private void endOutput(DuplexChannel out) {
        if (events != null) {
            try {
                events.endOutput();
            } catch (IOException | NotYetConnectedException e) {
                writeFailed(); // the connection has broken
            }
            return;
        }
        SslHandler tls = out.pipeline().get(SslHandler.class);
        if (tls != null) {
            tls.closeOutbound();
        } else {
            out.shutdownOutput();
        }
    }

    private static boolean isOutputClosed(Throwable cause) {
        return cause instanceof java.nio.channels.ClosedChannelException;
    }
}
