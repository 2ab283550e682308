package io.ambassador.transport;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelException;
import io.netty.channel.MessageSizeEstimator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.EpollChannelConfig;
import io.netty.channel.socket.SocketChannelConfig;
import java.io.IOException;

/** Settings of a {@link TcpChannel}. What it is made with is what every one of them has. */
final class TcpChannelConfig extends EpollChannelConfig implements SocketChannelConfig {
    private interface Get<T> {
        T get() throws IOException;
    }

    private interface Set {
        void set() throws IOException;
    }

    private volatile boolean halfClosure = true;

    TcpChannelConfig(TcpChannel channel) {
        super(channel, Transport.READ_SIZES);
        setAutoClose(false);
        setAllocator(PooledByteBufAllocator.DEFAULT);
        setWriteBufferWaterMark(Transport.WATER_MARK);
    }

    @Override
    public boolean isAllowHalfClosure() {
        return halfClosure;
    }

    @Override
    public SocketChannelConfig setAllowHalfClosure(boolean allowed) {
        halfClosure = allowed;
        return this;
    }

    @Override
    public boolean isTcpNoDelay() {
        return get(socket()::isTcpNoDelay);
    }

    @Override
    public SocketChannelConfig setTcpNoDelay(boolean noDelay) {
        return set(() -> socket().setTcpNoDelay(noDelay));
    }

    @Override
    public int getSoLinger() {
        return get(socket()::getSoLinger);
    }

    @Override
    public SocketChannelConfig setSoLinger(int seconds) {
        return set(() -> socket().setSoLinger(seconds));
    }

    @Override
    public int getSendBufferSize() {
        return get(socket()::getSendBufferSize);
    }

    @Override
    public SocketChannelConfig setSendBufferSize(int bytes) {
        return set(() -> socket().setSendBufferSize(bytes));
    }

    @Override
    public int getReceiveBufferSize() {
        return get(socket()::getReceiveBufferSize);
    }

    @Override
    public SocketChannelConfig setReceiveBufferSize(int bytes) {
        return set(() -> socket().setReceiveBufferSize(bytes));
    }

    @Override
    public boolean isKeepAlive() {
        return get(socket()::isKeepAlive);
    }

    @Override
    public SocketChannelConfig setKeepAlive(boolean keepAlive) {
        return set(() -> socket().setKeepAlive(keepAlive));
    }

    @Override
    public int getTrafficClass() {
        return get(socket()::getTrafficClass);
    }

    @Override
    public SocketChannelConfig setTrafficClass(int trafficClass) {
        return set(() -> socket().setTrafficClass(trafficClass));
    }

    @Override
    public boolean isReuseAddress() {
        return get(socket()::isReuseAddress);
    }

    @Override
    public SocketChannelConfig setReuseAddress(boolean reuse) {
        return set(() -> socket().setReuseAddress(reuse));
    }

    /** Linux has none. */
    @Override
    public SocketChannelConfig setPerformancePreferences(int connectionTime, int latency, int bandwidth) {
        return this;
    }

    private static <T> T get(Get<T> option) {
        try {
            return option.get();
        } catch (IOException e) {
            throw new ChannelException(e);
        }
    }

    private SocketChannelConfig set(Set option) {
        try {
            option.set();
        } catch (IOException e) {
            throw new ChannelException(e);
        }
        return this;
    }

    @Override
    public TcpChannelConfig setConnectTimeoutMillis(int millis) {
        super.setConnectTimeoutMillis(millis);
        return this;
    }

    @Override
    @Deprecated
    public TcpChannelConfig setMaxMessagesPerRead(int messages) {
        super.setMaxMessagesPerRead(messages);
        return this;
    }

    @Override
    public TcpChannelConfig setWriteSpinCount(int count) {
        super.setWriteSpinCount(count);
        return this;
    }

    @Override
    public TcpChannelConfig setAllocator(ByteBufAllocator allocator) {
        super.setAllocator(allocator);
        return this;
    }

    @Override
    public TcpChannelConfig setRecvByteBufAllocator(RecvByteBufAllocator allocator) {
        super.setRecvByteBufAllocator(allocator);
        return this;
    }

    @Override
    public TcpChannelConfig setAutoRead(boolean autoRead) {
        super.setAutoRead(autoRead);
        return this;
    }

    @Override
    public TcpChannelConfig setAutoClose(boolean autoClose) {
        super.setAutoClose(autoClose);
        return this;
    }

    @Override
    public TcpChannelConfig setWriteBufferWaterMark(WriteBufferWaterMark mark) {
        super.setWriteBufferWaterMark(mark);
        return this;
    }

    @Override
    public TcpChannelConfig setMessageSizeEstimator(MessageSizeEstimator estimator) {
        super.setMessageSizeEstimator(estimator);
        return this;
    }
}
