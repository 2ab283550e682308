package io.ambassador.transport;

import io.netty.channel.Channel;
import io.netty.channel.ServerChannelRecvByteBufAllocator;
import io.netty.channel.epoll.AbstractEpollServerChannel;
import io.netty.channel.epoll.EpollChannelConfig;
import io.netty.channel.epoll.LinuxSocket;
import io.netty.channel.unix.NativeInetAddress;
import java.io.IOException;
import java.net.InetSocketAddress;

/** A listener, by epoll, whose connections are {@link TcpChannel}s. */
final class TcpServerChannel extends AbstractEpollServerChannel {
    private static final class Config extends EpollChannelConfig {
        Config(TcpServerChannel channel) {
            super(channel, new ServerChannelRecvByteBufAllocator());
        }
    }

    private final EpollChannelConfig config = new Config(this);

    private TcpServerChannel(LinuxSocket bound) {
        super(bound, true);
    }

    /** What is set on it from here on, Linux hands on to its connections, which spares them system calls. */
    static TcpServerChannel bind(InetSocketAddress address) throws IOException {
        LinuxSocket socket = TcpChannel.socket(address);
        try {
            socket.setReuseAddress(true);
            socket.setTcpNoDelay(true);
            socket.bind(address);
            return new TcpServerChannel(socket);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** Connections wait in the kernel's queue from now on, until the channel is registered and reads. */
    TcpServerChannel listen(int backlog) throws IOException {
        socket.listen(backlog);
        return this;
    }

    @Override
    public EpollChannelConfig config() {
        return config;
    }

    @Override
    protected Channel newChildChannel(int descriptor, byte[] address, int offset, int length) {
        return new TcpChannel(this, descriptor, NativeInetAddress.address(address, offset, length));
    }
}
