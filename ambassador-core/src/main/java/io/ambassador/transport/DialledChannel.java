package io.ambassador.transport;

import io.netty.channel.epoll.AbstractEpollStreamChannel;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.epoll.LinuxSocket;
import io.netty.channel.socket.SocketProtocolFamily;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A connection to an endpoint, by epoll, that asks the kernel nothing it can know: Netty's own asks for both addresses
 * as it connects, for the size of a buffer as it is made, and for its lingering as it closes.
 */
final class DialledChannel extends AbstractEpollStreamChannel {
    /** Where to connect to, in a class that Netty does not look through. Shown as the address is, in exceptions. */
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

    private final DialledChannelConfig config;
    private @Nullable InetSocketAddress remote;

    /** @param to a literal address; connect to a {@link Target} of it */
    DialledChannel(InetSocketAddress to) {
        super(socket(to), false);
        config = new DialledChannelConfig(this);
    }

    /** A socket of IPv4 alone is set up with fewer calls than one for both. */
    private static LinuxSocket socket(InetSocketAddress to) {
        return to.getAddress() instanceof Inet4Address
                ? LinuxSocket.newSocketStream(SocketProtocolFamily.INET)
                : LinuxSocket.newSocketStream();
    }

    @Override
    public DialledChannelConfig config() {
        return config;
    }

    @Override
    protected boolean doConnect(SocketAddress to, @Nullable SocketAddress from) throws Exception {
        if (from != null) {
            socket.bind(from);
        }
        remote = ((Target) to).address;
        boolean connected = socket.connect(remote);
        if (!connected) {
            setFlag(EpollIoOps.EPOLLOUT.value());
        }
        return connected;
    }

    @Override
    protected @Nullable SocketAddress localAddress0() {
        return isActive() ? socket.localAddress() : null;
    }

    @Override
    protected @Nullable SocketAddress remoteAddress0() {
        return isActive() ? remote : null;
    }
}
