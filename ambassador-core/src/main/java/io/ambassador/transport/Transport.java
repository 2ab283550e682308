package io.ambassador.transport;

import io.ambassador.spi.discovery.Endpoint;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelConfig;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannelConfig;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.IntegerUnixChannelOption;
import io.netty.channel.unix.RawUnixChannelOption;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.SingleThreadEventExecutor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Event loops, and the sockets on them: epoll where the kernel and the native library allow it, else NIO. Whoever
 * made one closes it.
 */
public final class Transport implements AutoCloseable {
    /** Bytes that may wait in the process for a slow reader, each way, before its peer is no longer read. */
    private static final int HIGH_WATER_MARK = 64 * 1024;

    static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(HIGH_WATER_MARK / 2, HIGH_WATER_MARK);

    static final ReadSizes READ_SIZES = new ReadSizes();

    private static final int BACKLOG = 4096;

    // By their numbers in Linux, since Netty knows the names for connected sockets only.
    private static final ChannelOption<Integer> TCP_USER_TIMEOUT =
            new IntegerUnixChannelOption("TCP_USER_TIMEOUT", 6, 18);
    private static final ChannelOption<Integer> SO_KEEPALIVE = new IntegerUnixChannelOption("SO_KEEPALIVE", 1, 9);
    private static final ChannelOption<Integer> TCP_KEEPIDLE = new IntegerUnixChannelOption("TCP_KEEPIDLE", 6, 4);
    private static final ChannelOption<Integer> TCP_KEEPINTVL = new IntegerUnixChannelOption("TCP_KEEPINTVL", 6, 5);

    // struct tcp_info of linux/tcp.h, up to tcpi_notsent_bytes, which Netty's own reading leaves out.
    private static final ChannelOption<ByteBuffer> TCP_INFO = new RawUnixChannelOption("TCP_INFO", 6, 11, 148);
    private static final int TCPI_UNACKED = 24;
    private static final int TCPI_NOTSENT_BYTES = 144;

    private final EventLoopGroup loops;
    private final ThreadPoolExecutor computations;
    private final boolean epoll;

    private Transport(EventLoopGroup loops, boolean epoll) {
        this.loops = loops;
        this.epoll = epoll;
        // One thread, there only while it has something to do: key derivation must not take every processor.
        this.computations = new ThreadPoolExecutor(
                1,
                1,
                10,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                new DefaultThreadFactory("ambassador-compute", true));
        computations.allowCoreThreadTimeOut(true);
    }

    /** @param threads event loops, at least 1 */
    public static Transport start(int threads) {
        boolean epoll = Epoll.isAvailable();
        IoHandlerFactory handlers = epoll ? CoalescingEpollHandler.newFactory() : NioIoHandler.newFactory();
        DefaultThreadFactory names = new DefaultThreadFactory("ambassador-loop", true);
        return new Transport(new MultiThreadIoEventLoopGroup(threads, names, handlers), epoll);
    }

    /** {@code epoll} or {@code nio}, for the log. */
    public String name() {
        return epoll ? "epoll" : "nio";
    }

    /** An event loop for work that belongs to no client connection. */
    public EventLoop next() {
        return loops.next();
    }

    /** Every event loop. */
    public List<EventLoop> loops() {
        List<EventLoop> all = new ArrayList<>();
        loops.forEach(loop -> all.add((EventLoop) loop));
        return all;
    }

    /** Tasks that {@code loop} has yet to get to; any thread. */
    public static int waitingTasks(EventLoop loop) {
        return loop instanceof SingleThreadEventExecutor executor ? executor.pendingTasks() : 0;
    }

    /** For computations that take longer than an event loop can spare; they must not block. */
    public Executor computations() {
        return computations;
    }

    /**
     * Binds a listener; blocks until that is done. It accepts nothing until its {@code AUTO_READ} is set. Accepted
     * connections are not read from until somebody asks.
     *
     * @param address of TCP or of a unix socket, whose file the caller sees to
     * @param child called for each accepted channel, on its event loop
     * @param userTimeout after which a silent peer counts as gone, be it that it does not acknowledge data or, beyond
     *     loopback, that it does not answer when it is asked; {@code null} leaves that to the kernel
     * @throws IOException telling why, if it cannot be bound
     */
    public Channel bind(SocketAddress address, @Nullable Duration userTimeout, ChannelHandler child)
            throws IOException {
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loops)
                .option(ChannelOption.AUTO_READ, false)
                .childHandler(child);
        if (epoll && address instanceof InetSocketAddress inet) {
            TcpServerChannel listening = listen(inet, userTimeout);
            return done(bootstrap.channelFactory(() -> listening).register());
        }
        bootstrap
                .channelFactory(serverChannel(address))
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childOption(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.AUTO_CLOSE, false)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, READ_SIZES)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK);
        if (address instanceof InetSocketAddress) {
            bootstrap.option(ChannelOption.SO_REUSEADDR, true);
        }
        return done(bootstrap.bind(known(address)));
    }

    private static TcpServerChannel listen(InetSocketAddress address, @Nullable Duration userTimeout)
            throws IOException {
        TcpServerChannel bound = TcpServerChannel.bind(address);
        try {
            if (userTimeout != null) {
                setUserTimeout(bound.config(), address, userTimeout);
            }
            leaveUnpaced(bound.config(), address);
            return bound.listen(BACKLOG);
        } catch (IOException | ChannelException e) {
            bound.unsafe().closeForcibly();
            throw e;
        }
    }

    private static Channel done(ChannelFuture begun) throws IOException {
        begun.awaitUninterruptibly();
        if (!begun.isSuccess()) {
            throw new IOException(reason(begun.cause()), begun.cause());
        }
        return begun.channel();
    }

    /** For connections that {@code listener} accepts from now on; as in {@link #bind}, of which it came. */
    public void changeUserTimeout(Channel listener, SocketAddress address, @Nullable Duration userTimeout) {
        if (!epoll || address instanceof UnixDomainSocketAddress) {
            return;
        }
        if (userTimeout == null) {
            listener.config().setOption(TCP_USER_TIMEOUT, 0);
            listener.config().setOption(SO_KEEPALIVE, 0);
        } else {
            setUserTimeout(listener.config(), address, userTimeout);
        }
    }

    private static void leaveUnpaced(ChannelConfig config, SocketAddress address) {
        if (isLoopback(address) && LoopbackCongestion.paces()) {
            config.setOption(LoopbackCongestion.OPTION, LoopbackCongestion.unpaced());
        }
    }

    private static void setUserTimeout(ChannelConfig config, SocketAddress address, Duration userTimeout) {
        config.setOption(TCP_USER_TIMEOUT, Math.toIntExact(userTimeout.toMillis()));
        if (!isLoopback(address)) {
            config.setOption(SO_KEEPALIVE, 1);
            config.setOption(TCP_KEEPIDLE, secondsUntilAsked(userTimeout));
            config.setOption(TCP_KEEPINTVL, 1);
        }
    }

    /**
     * Begins to connect to an endpoint, on {@code loop}.
     *
     * @param timeout for the TCP handshake
     * @param userTimeout as in {@link #bind}
     */
    public ChannelFuture connect(
            EventLoop loop,
            Endpoint endpoint,
            Duration timeout,
            @Nullable Duration userTimeout,
            ChannelHandler handler) {
        InetSocketAddress address = address(endpoint);
        Channel channel = epoll ? new TcpChannel(address) : new NioSocketChannel();
        SocketChannelConfig config = (SocketChannelConfig) channel.config();
        config.setConnectTimeoutMillis(Math.toIntExact(timeout.toMillis())).setTcpNoDelay(true);
        if (!epoll) {
            config.setAutoClose(false)
                    .setAllowHalfClosure(true)
                    .setAllocator(PooledByteBufAllocator.DEFAULT)
                    .setRecvByteBufAllocator(READ_SIZES)
                    .setWriteBufferWaterMark(WATER_MARK);
        } else if (userTimeout != null) {
            setUserTimeout(config, address, userTimeout);
        }
        if (epoll) {
            leaveUnpaced(config, address);
        }
        SocketAddress to = epoll ? new TcpChannel.Target(address) : address;
        channel.pipeline().addLast(handler);
        ChannelPromise connected = channel.newPromise();
        loop.register(channel).addListener(registered -> {
            if (registered.isSuccess()) {
                channel.connect(to, connected).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
            } else {
                connected.setFailure(registered.cause());
            }
        });
        return connected;
    }

    private static boolean isLoopback(SocketAddress address) {
        return address instanceof InetSocketAddress inet
                && inet.getAddress() != null
                && inet.getAddress().isLoopbackAddress();
    }

    /** A connection that is silent for half its time is asked each second whether its peer is there. */
    private static int secondsUntilAsked(Duration userTimeout) {
        return Math.toIntExact(Math.max(1, userTimeout.toSeconds() / 2));
    }

    /** Whether the user at the other end of a unix socket can be told. */
    public boolean knowsPeerUsers() {
        return epoll;
    }

    /** Stops the event loops and waits for their threads to end. */
    @Override
    public void close() {
        computations.shutdownNow();
        loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    /**
     * Closes so that the peer's kernel reports a reset, not an end of data; TLS does not get to say that all is well.
     * On the channel's event loop.
     */
    public static void reset(Channel channel) {
        if (channel.config() instanceof SocketChannelConfig config && channel.isOpen()) {
            config.setSoLinger(0);
        }
        if (channel.pipeline().get(SslHandler.class) == null) {
            channel.close();
        } else {
            channel.unsafe().close(channel.unsafe().voidPromise());
        }
    }

    /**
     * Whether the peer's kernel has acknowledged everything that was written and flushed: a reset would drop the rest.
     * Where that cannot be told, it is taken to be so.
     */
    public static boolean isDelivered(Channel channel) {
        if (!(channel.config() instanceof SocketChannelConfig config && config instanceof EpollChannelConfig)) {
            return true;
        }
        try {
            ByteBuffer info = config.getOption(TCP_INFO).order(ByteOrder.nativeOrder());
            return info.getInt(TCPI_UNACKED) == 0 && info.getInt(TCPI_NOTSENT_BYTES) == 0;
        } catch (ChannelException | IndexOutOfBoundsException e) {
            return true; // closed meanwhile, or an old kernel that knows less
        }
    }

    private static InetSocketAddress address(Endpoint endpoint) {
        byte[] literal = NetUtil.createByteArrayFromIpAddressString(endpoint.host());
        if (literal == null) {
            throw new IllegalArgumentException("endpoint: \"" + endpoint.host() + "\" (expected: a literal address)");
        }
        try {
            return new InetSocketAddress(InetAddress.getByAddress(literal), endpoint.port());
        } catch (IOException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private ChannelFactory<ServerChannel> serverChannel(SocketAddress address) {
        if (address instanceof UnixDomainSocketAddress) {
            return epoll ? EpollServerDomainSocketChannel::new : NioServerDomainSocketChannel::new;
        }
        return NioServerSocketChannel::new;
    }

    /** In the class that this transport's channels know. */
    private SocketAddress known(SocketAddress address) {
        return epoll && address instanceof UnixDomainSocketAddress unix
                ? new DomainSocketAddress(unix.getPath().toFile())
                : address;
    }

    private static String reason(@Nullable Throwable cause) {
        return cause == null ? "cancelled" : String.valueOf(cause.getMessage());
    }
}
