package io.ambassador.launcher.admin;

import io.ambassador.service.ListenAddress;
import io.ambassador.spi.AmbassadorException;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Serves the admin address until it is closed. */
public final class AdminServer implements AutoCloseable {
    private static final int MAX_CONNECTIONS = 64;
    private static final int MAX_REQUEST_LINE = 4 * 1024;
    private static final int MAX_HEADERS = 8 * 1024;
    private static final int MAX_BODY = 8 * 1024;

    private final EventLoopGroup loop;
    private final Channel listener;

    private AdminServer(EventLoopGroup loop, Channel listener) {
        this.loop = loop;
        this.listener = listener;
    }

    /** @throws AmbassadorException if {@code address} cannot be bound; its thread is then gone */
    public static AdminServer start(ListenAddress.Tcp address, Managed managed, Metrics metrics)
            throws AmbassadorException {
        return start(address, managed, metrics, Duration.ofSeconds(10));
    }

    static AdminServer start(ListenAddress.Tcp address, Managed managed, Metrics metrics, Duration requestDeadline)
            throws AmbassadorException {
        boolean epoll = Epoll.isAvailable();
        EventLoopGroup loop = new MultiThreadIoEventLoopGroup(
                1,
                new DefaultThreadFactory("ambassador-admin", true),
                epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
        ConnectionCap cap = new ConnectionCap(MAX_CONNECTIONS);
        HttpDecoderConfig http = new HttpDecoderConfig()
                .setMaxInitialLineLength(MAX_REQUEST_LINE)
                .setMaxHeaderSize(MAX_HEADERS)
                .setMaxChunkSize(MAX_BODY);
        Router router = new Router(managed, metrics);
        ChannelFuture bound = new ServerBootstrap()
                .group(loop)
                .channel(epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel client) {
                        client.pipeline()
                                .addLast("connection-cap", cap)
                                .addLast("deadline", new Deadline(requestDeadline))
                                .addLast("http", new HttpServerCodec(http))
                                .addLast("whole-request", new HttpObjectAggregator(MAX_BODY))
                                .addLast("admin", new AdminHandler(router, address.host()));
                    }
                })
                .bind(new InetSocketAddress(address.host(), address.port()))
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
            String reason = bound.cause() == null
                    ? "cancelled"
                    : String.valueOf(bound.cause().getMessage());
            throw new AmbassadorException(
                    "admin.listen: cannot listen on " + address + ": " + reason + ". Give another address, or off");
        }
        return new AdminServer(loop, bound.channel());
    }

    /** Where it is bound, which tells the port that 0 came to. */
    public InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    /** Lets answers under way finish for a moment. */
    @Override
    public void close() {
        listener.close().awaitUninterruptibly();
        loop.shutdownGracefully(100, 1_000, TimeUnit.MILLISECONDS).awaitUninterruptibly();
    }
}
