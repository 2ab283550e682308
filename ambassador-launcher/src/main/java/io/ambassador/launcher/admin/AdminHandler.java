package io.ambassador.launcher.admin;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import java.net.SocketAddress;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers the one request of a connection, then closes it. */
final class AdminHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final Logger LOG = LoggerFactory.getLogger("ambassador.admin");

    private final Router router;
    private final Gatekeeper gatekeeper;
    private boolean answered;

    AdminHandler(Router router, Gatekeeper gatekeeper) {
        this.router = router;
        this.gatekeeper = gatekeeper;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
        if (answered) {
            return; // pipelined behind a request whose answer closes the connection
        }
        answered = true;
        boolean head = request.method().equals(HttpMethod.HEAD);
        String what = request.method() + " " + request.uri();
        reply(request, ctx.channel().remoteAddress())
                .whenComplete((reply, failure) -> ctx.executor().execute(() -> {
                    if (failure != null) {
                        LOG.error("{} failed.", what, failure);
                    }
                    send(
                            ctx,
                            reply != null
                                    ? reply
                                    : Reply.text(
                                            HttpResponseStatus.INTERNAL_SERVER_ERROR, "That failed; the log says why."),
                            head);
                }));
    }

    private static void send(ChannelHandlerContext ctx, Reply reply, boolean head) {
        if (reply.stream() != null && !head) {
            follow(ctx, reply, reply.stream());
            return;
        }
        FullHttpResponse response =
                new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, reply.status(), Unpooled.wrappedBuffer(reply.body()));
        headers(response, reply);
        if (reply.stream() == null) {
            response.headers().setInt(HttpHeaderNames.CONTENT_LENGTH, reply.body().length);
        }
        if (head) {
            response = response.replace(Unpooled.EMPTY_BUFFER);
        }
        ctx.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
    }

    /** Whatever is written from now on is its body. */
    private static void follow(ChannelHandlerContext ctx, Reply reply, EventStream stream) {
        if (!ctx.channel().isActive()) {
            return;
        }
        HttpResponse response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, reply.status());
        headers(response, reply);
        ctx.pipeline().remove(Deadline.class);
        ctx.write(response, ctx.voidPromise());
        ctx.pipeline().addLast("events", stream);
    }

    private static void headers(HttpResponse response, Reply reply) {
        HttpHeaders headers = response.headers();
        headers.set(HttpHeaderNames.CONTENT_TYPE, reply.contentType());
        headers.set(HttpHeaderNames.CACHE_CONTROL, "no-store");
        headers.set(HttpHeaderNames.CONNECTION, "close");
        headers.set("X-Content-Type-Options", "nosniff");
        headers.set("X-Frame-Options", "DENY");
        reply.headers().forEach(headers::set);
    }

    private CompletableFuture<Reply> reply(FullHttpRequest request, @Nullable SocketAddress from) {
        if (request.decoderResult().isFailure()) {
            return CompletableFuture.completedFuture(
                    malformed(request.decoderResult().cause()));
        }
        Reply refusal = gatekeeper.refusal(request, from);
        if (refusal != null) {
            return CompletableFuture.completedFuture(refusal);
        }
        try {
            return router.answer(request);
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private static Reply malformed(Throwable cause) {
        if (cause instanceof TooLongHttpHeaderException) {
            return Reply.text(HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too long.");
        }
        if (cause instanceof TooLongHttpLineException) {
            return Reply.text(HttpResponseStatus.REQUEST_URI_TOO_LONG, "The request line is too long.");
        }
        return Reply.text(HttpResponseStatus.BAD_REQUEST, "That is not an HTTP/1.1 request.");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("A client of the admin address failed: {}", cause.toString());
        ctx.close();
    }
}
