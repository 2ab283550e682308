package io.ambassador.launcher.admin;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Closes a connection that is not over in time, however slowly its client keeps sending or reading; each has one
 * request.
 */
final class Deadline extends ChannelInboundHandlerAdapter {
    private final Duration limit;
    private @Nullable Future<?> timer;

    Deadline(Duration limit) {
        this.limit = limit;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        timer = ctx.executor().schedule(() -> ctx.close(), limit.toMillis(), TimeUnit.MILLISECONDS);
        ctx.fireChannelActive();
    }

    /** As the channel closes, or because its answer has no end. */
    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (timer != null) {
            timer.cancel(false);
        }
    }
}
