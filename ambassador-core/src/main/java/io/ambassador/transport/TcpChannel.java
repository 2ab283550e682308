package io.ambassador.transport;

import io.netty.channel.Channel;
import io.netty.channel.epoll.AbstractEpollStreamChannel;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.epoll.LinuxSocket;
import io.netty.channel.socket.SocketProtocolFamily;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A connection, by epoll, that asks the kernel for little it can know. Netty's own asks for both addresses as it
 * connects, for the size of a buffer as it is made, and for its lingering as it closes; it also sets what a listening
 * socket hands on.
 */
final class TcpChannel extends AbstractEpollStreamChannel {
    /** Where to connect to, in a class that Netty does not look into. Shown as the address is, in exceptions. */
    static final class Target extends SocketAddress {
        private static final long serialVersionUID = 1L;

        private final InetSocketAddress address;

        Target(InetSocketAddress address) {
            this.address = address;
        }

        @Override
        public String toString() {
            return address.toString();
        }
    }

    private final TcpChannelConfig config;
    private final InetSocketAddress remote;

    /** @param to a literal address; connect to a {@link Target} of it */
    TcpChannel(InetSocketAddress to) {
        super(socket(to), false);
        remote = to;
        config = new TcpChannelConfig(this);
    }

    /** Accepted; not read from until somebody asks. */
    TcpChannel(Channel listener, int descriptor, InetSocketAddress from) {
        super(listener, descriptor);
        remote = from;
        config = new TcpChannelConfig(this);
        config.setAutoRead(false);
    }

    /** A socket of IPv4 alone is set up with fewer calls than one for both. */
    static LinuxSocket socket(InetSocketAddress address) {
        return address.getAddress() instanceof Inet4Address
                ? LinuxSocket.newSocketStream(SocketProtocolFamily.INET)
                : LinuxSocket.newSocketStream();
    }

    @Override
    public TcpChannelConfig config() {
        return config;
    }

    @Override
    protected boolean doConnect(SocketAddress to, @Nullable SocketAddress from) throws Exception {
        if (from != null) {
            socket.bind(from);
        }
        boolean connected = socket.connect(((Target) to).address);
        if (!connected) {
            setFlag(EpollIoOps.EPOLLOUT.value());
        }
        return connected;
    }

    @Override
    protected @Nullable SocketAddress localAddress0() {
        SocketAddress known = super.localAddress0();
        return known == null && isActive() ? socket.localAddress() : known;
    }

    @Override
    protected @Nullable SocketAddress remoteAddress0() {
        return isActive() ? remote : null;
    }
}
