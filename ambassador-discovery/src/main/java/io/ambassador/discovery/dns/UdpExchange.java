package io.ambassador.discovery.dns;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Message;

/**
 * A query by UDP. The socket is connected, so that the kernel drops datagrams of other senders and reports a closed
 * port at once; its own port is the kernel's random choice, new for each query.
 */
final class UdpExchange extends Exchange {
    /** Datagrams read in one turn, so that a flood on one socket does not starve the others. */
    private static final int READS_PER_TURN = 64;

    UdpExchange(InetSocketAddress server, Query query, long timeoutNanos) {
        super(server, query, timeoutNanos);
    }

    @Override
    SelectableChannel open() throws IOException {
        return DatagramChannel.open();
    }

    @Override
    void register(SelectableChannel channel, Selector selector) throws IOException {
        DatagramChannel udp = (DatagramChannel) channel;
        udp.connect(server);
        udp.write(ByteBuffer.wrap(query.wire())); // a full send buffer drops it, as the network may
        udp.register(selector, SelectionKey.OP_READ, this);
    }

    @Override
    @Nullable Message ready(SelectionKey key, ByteBuffer scratch) throws IOException {
        DatagramChannel udp = (DatagramChannel) key.channel();
        for (int i = 0; i < READS_PER_TURN; i++) {
            scratch.clear();
            if (udp.read(scratch) <= 0) {
                return null;
            }
            byte[] bytes = new byte[scratch.flip().remaining()];
            scratch.get(bytes);
            Message message = query.reply(bytes);
            if (message != null) {
                return message;
            }
        }
        return null;
    }
}
