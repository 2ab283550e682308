package io.ambassador.launcher.admin;

import io.ambassador.service.ListenAddress;
import io.ambassador.service.SocketFile;
import io.ambassador.spi.AmbassadorException;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves the admin address until it is closed. */
public final class AdminServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("ambassador.admin");
    private static final int MAX_CONNECTIONS = 64;
    private static final int MAX_REQUEST_LINE = 4 * 1024;
    private static final int MAX_HEADERS = 8 * 1024;
    private static final int MAX_BODY = 8 * 1024;

    private final AdminSpec spec;
    private final EventLoopGroup loop;
    private final @Nullable AdminToken token;
    private final Channel listener;

    private AdminServer(AdminSpec spec, EventLoopGroup loop, @Nullable AdminToken token, Channel listener) {
        this.spec = spec;
        this.loop = loop;
        this.token = token;
        this.listener = listener;
    }

    /** @throws AmbassadorException if the address cannot be bound; its threads are then gone */
    public static AdminServer start(AdminSpec spec, Managed managed, Metrics metrics) throws AmbassadorException {
        return start(spec, managed, metrics, Duration.ofSeconds(10), Duration.ofSeconds(15));
    }

    static AdminServer start(
            AdminSpec spec, Managed managed, Metrics metrics, Duration requestDeadline, Duration heartbeat)
            throws AmbassadorException {
        boolean epoll = Epoll.isAvailable();
        if (!spec.uids().isEmpty() && !epoll) {
            throw new AmbassadorException("admin.uids: cannot be held without epoll. Remove it, or run on Linux");
        }
        EventLoopGroup loop = new MultiThreadIoEventLoopGroup(
                1,
                new DefaultThreadFactory("ambassador-admin", true),
                epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
        AdminToken token = spec.token() == null ? null : AdminToken.follow(spec.token());
        try {
            Channel listener = bind(
                    spec, loop, epoll, pipeline(spec, new Router(managed, metrics, heartbeat), token, requestDeadline));
            return new AdminServer(spec, loop, token, listener);
        } catch (IOException e) {
            if (token != null) {
                token.close();
            }
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
            throw new AmbassadorException("admin.listen: cannot listen on " + spec.listen() + ": " + e.getMessage()
                    + ". Give another address, or off");
        }
    }

    private static ChannelInitializer<Channel> pipeline(
            AdminSpec spec, Router router, @Nullable AdminToken token, Duration requestDeadline) {
        ConnectionCap cap = new ConnectionCap(MAX_CONNECTIONS);
        Gatekeeper gatekeeper = new Gatekeeper(spec, token);
        HttpDecoderConfig http = new HttpDecoderConfig()
                .setMaxInitialLineLength(MAX_REQUEST_LINE)
                .setMaxHeaderSize(MAX_HEADERS)
                .setMaxChunkSize(MAX_BODY);
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel client) {
                client.pipeline().addLast("connection-cap", cap);
                if (!spec.uids().isEmpty()) {
                    client.pipeline().addLast("peer-check", new PeerCheck(spec.uids()));
                }
                client.pipeline()
                        .addLast("deadline", new Deadline(requestDeadline))
                        .addLast("http", new HttpServerCodec(http))
                        .addLast("whole-request", new HttpObjectAggregator(MAX_BODY))
                        .addLast("admin", new AdminHandler(router, gatekeeper));
            }
        };
    }

    private static Channel bind(AdminSpec spec, EventLoopGroup loop, boolean epoll, ChannelInitializer<Channel> child)
            throws IOException {
        boolean unix = spec.listen() instanceof ListenAddress.Unix;
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loop)
                .channel(channel(unix, epoll))
                .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .childHandler(child);
        if (spec.listen() instanceof ListenAddress.Unix socket) {
            if (SocketFile.isOpenToOthers(socket.path())) {
                LOG.warn(
                        "Others may put a socket of their own in the place of {}. Take away their right to write to its"
                                + " directory, or set its sticky bit.",
                        socket.path());
            }
            return SocketFile.bind(
                    socket.path(),
                    path -> bound(
                            bootstrap,
                            epoll ? new DomainSocketAddress(path.toFile()) : UnixDomainSocketAddress.of(path)));
        }
        bootstrap.option(ChannelOption.SO_REUSEADDR, true);
        return bound(bootstrap, spec.listen().socketAddress());
    }

    private static Class<? extends ServerChannel> channel(boolean unix, boolean epoll) {
        if (unix) {
            return epoll ? EpollServerDomainSocketChannel.class : NioServerDomainSocketChannel.class;
        }
        return epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
    }

    private static Channel bound(ServerBootstrap bootstrap, SocketAddress address) throws IOException {
        ChannelFuture bound = bootstrap.bind(address).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            Throwable cause = bound.cause();
            throw new IOException(cause == null ? "cancelled" : String.valueOf(cause.getMessage()), cause);
        }
        return bound.channel();
    }

    /** Where it is bound, with the port that 0 came to. */
    public ListenAddress address() {
        return listener.localAddress() instanceof InetSocketAddress inet
                ? new ListenAddress.Tcp(inet.getAddress().getHostAddress(), inet.getPort())
                : spec.listen();
    }

    /** Lets answers under way finish for a moment. */
    @Override
    public void close() {
        listener.close().awaitUninterruptibly();
        if (spec.listen() instanceof ListenAddress.Unix socket) {
            try {
                Files.deleteIfExists(socket.path());
            } catch (IOException e) {
                LOG.warn("The socket {} cannot be removed: {}", socket.path(), e.getMessage());
            }
        }
        loop.shutdownGracefully(100, 1_000, TimeUnit.MILLISECONDS).awaitUninterruptibly();
        if (token != null) {
            token.close();
        }
    }
}
