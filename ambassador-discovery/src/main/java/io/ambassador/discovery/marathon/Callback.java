package io.ambassador.discovery.marathon;

import io.ambassador.discovery.support.Json;
import io.ambassador.discovery.support.net.Connector;
import io.ambassador.discovery.support.net.RegistryLoop;
import io.ambassador.spi.discovery.DiscoveryException;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufInputStream;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.timeout.ReadTimeoutHandler;
import java.io.InputStream;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Where Marathon posts its events. What comes is believed no further than that an app should be read again, so that
 * whoever posts here can cause no more than that.
 */
final class Callback implements AutoCloseable {
    private static final int MAX_EVENT = 4 << 20;
    private static final int MAX_CONNECTIONS = 64;
    private static final int IDLE_SECONDS = 60;

    private final Consumer<String> changed;
    private final CompletableFuture<Void> bound = new CompletableFuture<>();
    private final EventLoop loop = RegistryLoop.acquire();
    private final ChannelGroup channels = new DefaultChannelGroup(loop);
    private boolean closed; // on the loop

    /** @param changed hears the id of an app, on the loop */
    private Callback(Consumer<String> changed) {
        this.changed = changed;
    }

    static Callback listen(CallbackConfig config, Consumer<String> changed) {
        Callback callback = new Callback(changed);
        callback.bind(config);
        return callback;
    }

    /** Completes on the loop when it listens, or with the {@link DiscoveryException} that tells why it cannot. */
    CompletableFuture<Void> bound() {
        return bound;
    }

    @Override
    public void close() {
        loop.execute(() -> {
            closed = true;
            channels.close();
        });
        RegistryLoop.release();
    }

    private void bind(CallbackConfig config) {
        new ServerBootstrap()
                .group(loop)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        accept(channel);
                    }
                })
                .bind(config.host(), config.port())
                .addListener((ChannelFutureListener) binding -> {
                    if (!binding.isSuccess()) {
                        bound.completeExceptionally(new DiscoveryException(
                                "callback " + config.host() + ":" + config.port() + ": cannot listen: "
                                        + Connector.reason(binding.cause(), "refused"),
                                binding.cause()));
                    } else if (closed) {
                        binding.channel().close();
                    } else {
                        channels.add(binding.channel());
                        bound.complete(null);
                    }
                });
    }

    private void accept(Channel channel) {
        if (closed || channels.size() > MAX_CONNECTIONS) {
            channel.close();
            return;
        }
        channels.add(channel);
        channel.pipeline()
                .addLast("idle", new ReadTimeoutHandler(IDLE_SECONDS))
                .addLast("http", new HttpServerCodec())
                .addLast("whole", new HttpObjectAggregator(MAX_EVENT))
                .addLast("event", new Events());
    }

    private final class Events extends SimpleChannelInboundHandler<FullHttpRequest> {
        @Override
        protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) throws Exception {
            HttpResponseStatus status = HttpResponseStatus.METHOD_NOT_ALLOWED;
            if (request.decoderResult().isFailure()) {
                status = HttpResponseStatus.BAD_REQUEST;
            } else if (request.method().equals(HttpMethod.POST)) {
                status = take(request);
            }
            DefaultFullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status);
            HttpUtil.setContentLength(response, 0);
            boolean stays = HttpUtil.isKeepAlive(request) && status == HttpResponseStatus.OK;
            if (!stays) {
                response.headers().set(HttpHeaderNames.CONNECTION, "close");
            }
            ctx.writeAndFlush(response).addListener(stays ? done -> {} : ChannelFutureListener.CLOSE);
        }

        private HttpResponseStatus take(FullHttpRequest request) throws Exception {
            String app;
            try (InputStream body = new ByteBufInputStream(request.content())) {
                app = EventLines.app(Json.parse(body));
            } catch (IllegalArgumentException notJson) {
                return HttpResponseStatus.BAD_REQUEST;
            }
            if (!app.isEmpty()) {
                changed.accept(app);
            }
            return HttpResponseStatus.OK;
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close(); // a broken connection, or one that has idled
        }
    }
}
