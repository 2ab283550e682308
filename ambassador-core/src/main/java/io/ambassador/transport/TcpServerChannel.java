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

    private TcpServerChannel(LinuxSocket listening) {
        super(listening, true);
    }

    /** Binds and listens, to be registered. What is set on it is handed on to its connections. */
    static TcpServerChannel listen(InetSocketAddress address, int backlog) throws IOException {
        LinuxSocket socket = TcpChannel.socket(address);
        try {
            socket.setReuseAddress(true);
            socket.setTcpNoDelay(true);
            socket.bind(address);
            socket.listen(backlog);
            return new TcpServerChannel(socket);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
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
