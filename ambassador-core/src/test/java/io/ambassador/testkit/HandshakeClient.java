package io.ambassador.testkit;

import io.ambassador.spi.protocol.Handshake;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.Promise;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.IntPredicate;

/** Runs one {@link Handshake} on a real connection, without the rest of an ambassador. */
public final class HandshakeClient implements AutoCloseable {
    /** Hands bytes on as they come. */
    public static final IntPredicate WHOLE = offset -> false;

    /** Hands each byte on by itself. */
    public static final IntPredicate EVERY_BYTE = offset -> true;

    /** Cuts what arrives in two, whatever the network does. */
    public static IntPredicate cutAt(int offset) {
        return at -> at == offset;
    }

    private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

    /**
     * Connects and begins.
     *
     * @param tls the connection's client side, or null for plain text
     * @param cuts tells before which offsets the inbound stream is cut
     */
    public <T> Run<T> run(
            InetSocketAddress address, SslContext tls, IntPredicate cuts, Function<Promise<T>, Handshake<T>> handler) {
        Promise<T> outcome = group.next().newPromise();
        Slicer slicer = new Slicer(cuts, outcome);
        Leftovers leftovers = new Leftovers();
        ChannelFuture connected = new Bootstrap()
                .group(group)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        if (tls != null) {
                            channel.pipeline().addLast(tls.newHandler(channel.alloc(), "localhost", address.getPort()));
                        }
                        channel.pipeline().addLast(slicer, handler.apply(outcome), leftovers);
                    }
                })
                .connect(address)
                .awaitUninterruptibly();
        if (!connected.isSuccess()) {
            outcome.tryFailure(connected.cause());
        }
        return new Run<>(connected.channel(), outcome, slicer, leftovers);
    }

    /** Of its one event loop, so far. */
    public Duration cpuTime() throws ExecutionException, InterruptedException {
        return Duration.ofNanos(group.next()
                .submit(() -> ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime())
                .get());
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    /** One handshake under way. */
    public static final class Run<T> implements AutoCloseable {
        private final Channel channel;
        private final Promise<T> outcome;
        private final Slicer slicer;
        private final Leftovers leftovers;

        private Run(Channel channel, Promise<T> outcome, Slicer slicer, Leftovers leftovers) {
            this.channel = channel;
            this.outcome = outcome;
            this.slicer = slicer;
            this.leftovers = leftovers;
        }

        /** What the handshake found out; waits a minute at most. */
        public T result() throws ExecutionException, TimeoutException, InterruptedException {
            return outcome.get(60, TimeUnit.SECONDS);
        }

        /** Why it failed; waits a minute at most. */
        public Throwable failure() throws TimeoutException, InterruptedException {
            if (!outcome.await(60, TimeUnit.SECONDS)) {
                throw new TimeoutException("the handshake is still under way");
            }
            return outcome.cause();
        }

        /** Whether {@code time} passes without an outcome. */
        public boolean isUnderWayAfter(Duration time) throws InterruptedException {
            return !outcome.await(time.toMillis());
        }

        public Channel channel() {
            return channel;
        }

        /** Bytes that have come from the peer so far. */
        public long received() {
            return slicer.received;
        }

        /** Those of them that had come when the outcome was known: a peer may go on for a while. */
        public long receivedForOutcome() {
            return slicer.receivedForOutcome;
        }

        /** What the handshake has handed on so far. */
        public byte[] leftovers() {
            synchronized (leftovers.bytes) {
                return leftovers.bytes.toByteArray();
            }
        }

        @Override
        public void close() {
            channel.close().syncUninterruptibly();
        }
    }

    private static final class Slicer extends ChannelInboundHandlerAdapter {
        private final IntPredicate cuts;
        private final Promise<?> outcome;
        private volatile int received;
        private volatile int receivedForOutcome;

        Slicer(IntPredicate cuts, Promise<?> outcome) {
            this.cuts = cuts;
            this.outcome = outcome;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf in = (ByteBuf) message;
            try {
                while (in.isReadable()) {
                    int length = 1;
                    while (length < in.readableBytes() && !cuts.test(received + length)) {
                        length++;
                    }
                    received += length;
                    if (!outcome.isDone()) {
                        receivedForOutcome = received;
                    }
                    ctx.fireChannelRead(in.readRetainedSlice(length));
                }
            } finally {
                in.release();
            }
        }
    }

    private static final class Leftovers extends ChannelInboundHandlerAdapter {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf in = (ByteBuf) message;
            try {
                byte[] copy = new byte[in.readableBytes()];
                in.readBytes(copy);
                synchronized (bytes) {
                    bytes.writeBytes(copy);
                }
            } finally {
                in.release();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }
}
