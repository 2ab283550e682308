package io.ambassador.launcher.admin;

import io.ambassador.explain.Event;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.util.concurrent.Future;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Tells one client what happens, beginning with what it has missed. Events are fetched from the bounded history while the
 * client takes them, so that one that reads slowly costs no memory; when it has fallen behind that history, or takes
 * nothing between two heartbeats, it is cut, and may come back. On the admin thread.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/server-sent-events.html">HTML, section 9.2</a>
 */
final class EventStream extends ChannelInboundHandlerAdapter {
    private final EventStreams streams;
    private final AtomicBoolean woken = new AtomicBoolean();
    private @Nullable ChannelHandlerContext context;
    private @Nullable AutoCloseable watch;
    private @Nullable Future<?> heartbeat;
    private long last;
    private boolean begun;
    private boolean over;

    /** @param last the event that the client has seen last; 0 for none */
    EventStream(EventStreams streams, long last) {
        this.streams = streams;
        this.last = last;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        streams.begun();
        watch = streams.watch(this::wake);
        heartbeat = ctx.executor()
                .scheduleAtFixedRate(
                        () -> beat(ctx),
                        streams.heartbeat().toMillis(),
                        streams.heartbeat().toMillis(),
                        TimeUnit.MILLISECONDS);
        write(ctx, "retry: 1000\n\n");
        send(ctx);
        begun = true;
    }

    /** On the thread that something happened on. */
    private void wake() {
        ChannelHandlerContext ctx = context;
        if (ctx != null && woken.compareAndSet(false, true)) {
            try {
                ctx.executor().execute(() -> send(ctx));
            } catch (RejectedExecutionException e) {
                over = true; // the admin address is closed
            }
        }
    }

    private void send(ChannelHandlerContext ctx) {
        woken.set(false); // before looking, so that nothing is missed
        for (Event event : streams.after(last)) {
            if (over || !ctx.channel().isWritable()) {
                break; // goes on when it is
            }
            if (begun && event.id() != last + 1) {
                ctx.close();
                break;
            }
            last = event.id();
            byte[] data = ExplainJson.event(event);
            write(
                    ctx,
                    "id: " + streams.id(event) + "\nevent: " + event.kind().word() + "\ndata: "
                            + new String(data, StandardCharsets.UTF_8) + "\n\n");
        }
        ctx.flush();
    }

    private void beat(ChannelHandlerContext ctx) {
        if (ctx.channel().isWritable()) {
            write(ctx, ":\n\n");
            ctx.flush();
        } else {
            ctx.close();
        }
    }

    private static void write(ChannelHandlerContext ctx, String text) {
        ByteBuf bytes = Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
        ctx.write(new DefaultHttpContent(bytes), ctx.voidPromise());
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (ctx.channel().isWritable()) {
            send(ctx);
        }
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) throws Exception {
        over = true;
        if (heartbeat != null) {
            heartbeat.cancel(false);
        }
        if (watch != null) {
            watch.close();
        }
        streams.ended();
    }
}
