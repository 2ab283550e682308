package io.ambassador.discovery.mdns;

import io.ambassador.discovery.support.net.RegistryLoop;
import io.ambassador.spi.LogLimiter;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioDatagramChannel;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xbill.DNS.Message;

/**
 * Multicast DNS on one network interface, for all that is followed there. Its sockets are bound to the groups' own
 * addresses, so they get what is sent to a group, which no router passes on, and nothing that is sent to this machine
 * alone; of that, what comes from port 5353 of an address on the link. On its event loop.
 */
final class Link implements AutoCloseable {
    /** Hears what the link says. */
    interface Member {
        void onResponse(Message response);

        /** Asked by another host. */
        void onQuestion(Message query);

        /** Nothing more is heard. */
        void onFailure(String why);
    }

    private static final Logger LOG = LoggerFactory.getLogger(Link.class);
    static final int PORT = 5353;
    private static final byte[] GROUP_V4 = {(byte) 224, 0, 0, (byte) 251};
    private static final byte[] GROUP_V6 = {(byte) 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte) 0xfb};
    private static final int HOPS = 255;

    /** RFC 6762, section 17. */
    private static final int MOST_BYTES = 9_000;

    /** More than these are dropped unread: all registries share the thread. */
    static final int MOST_PACKETS_A_SECOND = 1_000;

    private final LogLimiter limiter = new LogLimiter();
    private final String name;
    private final int index;
    private final EventLoop loop = RegistryLoop.acquire();
    private final List<Socket> sockets = new ArrayList<>();
    private final Set<Member> members = new LinkedHashSet<>();
    private List<InterfaceAddress> addresses;
    private @Nullable String failure;
    private boolean closed;
    private long second;
    private int packets;

    /** One group that has been joined. */
    private record Socket(Channel channel, InetSocketAddress group) {}

    Link(NetworkInterface on) {
        name = on.getName();
        index = on.getIndex();
        addresses = on.getInterfaceAddresses();
        try {
            if (has(Inet4Address.class)) {
                open(on, SocketProtocolFamily.INET, InetAddress.getByAddress(GROUP_V4));
            }
            if (has(Inet6Address.class)) {
                open(on, SocketProtocolFamily.INET6, Inet6Address.getByAddress(null, GROUP_V6, on));
            }
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What identifies the link on which {@code on} is. */
    static String key(NetworkInterface on) {
        return on.getName() + "/" + on.getIndex();
    }

    String name() {
        return name;
    }

    boolean isLoopback() {
        return addresses.stream().anyMatch(each -> each.getAddress().isLoopbackAddress());
    }

    /** Members hear of a failure that has been, too. */
    void join(Member member) {
        members.add(member);
        if (failure != null) {
            member.onFailure(failure);
        }
    }

    void leave(Member member) {
        members.remove(member);
    }

    /** The interface's addresses may have changed. */
    void update(NetworkInterface on) {
        addresses = on.getInterfaceAddresses();
    }

    void send(byte[] packet) {
        for (Socket socket : sockets) {
            boolean needed = socket.group().getAddress() instanceof Inet4Address || sockets.size() == 1;
            socket.channel()
                    .writeAndFlush(new DatagramPacket(Unpooled.wrappedBuffer(packet), socket.group()))
                    .addListener(sent -> {
                        if (!sent.isSuccess() && !closed) {
                            LOG.debug("{}: cannot send to {}", name, socket.group(), sent.cause());
                            if (needed) {
                                fail(sent.cause());
                            }
                        }
                    });
        }
    }

    /** Whether {@code address} belongs to this link. */
    boolean isOnLink(InetAddress address) {
        if (address instanceof Inet6Address && address.isLinkLocalAddress()) {
            return true;
        }
        byte[] bytes = address.getAddress();
        for (InterfaceAddress own : addresses) {
            byte[] mine = own.getAddress().getAddress();
            if (mine.length == bytes.length && samePrefix(mine, bytes, own.getNetworkPrefixLength())) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void close() {
        closed = true;
        sockets.forEach(socket -> socket.channel().close());
        RegistryLoop.release();
    }

    @Override
    public String toString() {
        return "mDNS on " + name + "/" + index;
    }

    private void open(NetworkInterface on, SocketProtocolFamily family, InetAddress group) {
        InetSocketAddress address = new InetSocketAddress(group, PORT);
        NioDatagramChannel channel = new NioDatagramChannel(family);
        Socket socket = new Socket(channel, address);
        sockets.add(socket);
        new Bootstrap()
                .group(loop)
                .channelFactory(() -> channel)
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.IP_MULTICAST_IF, on)
                .option(ChannelOption.IP_MULTICAST_TTL, HOPS)
                .option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(MOST_BYTES))
                .handler(new Receiver())
                .bind(address)
                .addListener(bound -> {
                    if (bound.isSuccess()) {
                        channel.joinGroup(group, on, null).addListener(joined -> opened(socket, joined.cause()));
                    } else {
                        opened(socket, bound.cause());
                    }
                });
    }

    /** One of the two protocols is enough. */
    private void opened(Socket socket, @Nullable Throwable cause) {
        if (cause == null || closed) {
            return;
        }
        LOG.debug("{}: cannot join {}", name, socket.group(), cause);
        socket.channel().close();
        sockets.remove(socket);
        if (sockets.isEmpty()) {
            fail(cause);
        }
    }

    private void fail(Throwable cause) {
        if (failure == null && !closed) {
            String why = "mDNS on " + name + ": "
                    + (cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage());
            failure = why;
            List.copyOf(members).forEach(member -> member.onFailure(why));
        }
    }

    private boolean has(Class<? extends InetAddress> kind) {
        return addresses.stream().anyMatch(each -> kind.isInstance(each.getAddress()));
    }

    private boolean isOwn(InetAddress source) {
        return addresses.stream().anyMatch(each -> each.getAddress().equals(source));
    }

    private static boolean samePrefix(byte[] a, byte[] b, int bits) {
        for (int i = 0; i < bits; i++) {
            if (((a[i / 8] ^ b[i / 8]) & 0x80 >> i % 8) != 0) {
                return false;
            }
        }
        return true;
    }

    private boolean isWithinLimit() {
        long now = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime());
        if (now != second) {
            second = now;
            packets = 0;
        }
        packets++;
        if (packets > MOST_PACKETS_A_SECOND) {
            limiter.log(
                    "flood",
                    left -> LOG.warn(
                            "mDNS on {}: more than {} packets a second, the rest is dropped unread{}",
                            name,
                            MOST_PACKETS_A_SECOND,
                            LogLimiter.more(left)));
            return false;
        }
        return true;
    }

    private void take(InetSocketAddress sender, byte[] bytes) {
        if (sender.getPort() != PORT || !isOnLink(sender.getAddress())) {
            LOG.debug("{}: a packet from {} is not of this link", name, sender);
            return;
        }
        Message message = Packets.read(bytes);
        if (message == null) {
            LOG.debug("{}: {} bytes from {} are no message", name, bytes.length, sender);
        } else if (Packets.isResponse(message)) {
            List.copyOf(members).forEach(member -> member.onResponse(message));
        } else if (!isOwn(sender.getAddress())) {
            List.copyOf(members).forEach(member -> member.onQuestion(message));
        }
    }

    private final class Receiver extends SimpleChannelInboundHandler<DatagramPacket> {
        @Override
        protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
            if (isWithinLimit()) {
                take(packet.sender(), ByteBufUtil.getBytes(packet.content()));
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            limiter.log("failed", left -> LOG.warn("mDNS on {}: {}{}", name, cause.toString(), LogLimiter.more(left)));
        }
    }
}
