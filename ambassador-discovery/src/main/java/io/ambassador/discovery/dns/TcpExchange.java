package io.ambassador.discovery.dns;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.Message;

/** A query by TCP (RFC 7766), for replies that do not fit a datagram: length, then message, both ways. */
final class TcpExchange extends Exchange {
    private final ByteBuffer out;
    private final ByteBuffer length = ByteBuffer.allocate(Short.BYTES);
    private @Nullable ByteBuffer body;

    TcpExchange(InetSocketAddress server, Query query, long timeoutNanos) {
        super(server, query, timeoutNanos);
        byte[] wire = query.wire();
        out = ByteBuffer.allocate(Short.BYTES + wire.length)
                .putShort((short) wire.length)
                .put(wire)
                .flip();
    }

    @Override
    SelectableChannel open() throws IOException {
        return SocketChannel.open();
    }

    @Override
    void register(SelectableChannel channel, Selector selector) throws IOException {
        boolean connected = ((SocketChannel) channel).connect(server);
        channel.register(selector, connected ? SelectionKey.OP_WRITE : SelectionKey.OP_CONNECT, this);
    }

    @Override
    @Nullable Message ready(SelectionKey key, ByteBuffer scratch) throws IOException {
        SocketChannel tcp = (SocketChannel) key.channel();
        if (key.isConnectable() && tcp.finishConnect()) {
            key.interestOps(SelectionKey.OP_WRITE);
        } else if (key.isWritable()) {
            tcp.write(out);
            if (!out.hasRemaining()) {
                key.interestOps(SelectionKey.OP_READ);
            }
        } else if (key.isReadable()) {
            return read(tcp);
        }
        return null;
    }

    private @Nullable Message read(SocketChannel tcp) throws IOException {
        if (body == null) {
            if (!fill(tcp, length)) {
                return null;
            }
            body = ByteBuffer.allocate(Short.toUnsignedInt(length.getShort(0)));
        }
        if (!fill(tcp, body)) {
            return null;
        }
        Message message = query.reply(body.array());
        if (message == null) {
            throw new IOException("the reply by TCP does not fit the question");
        }
        return message;
    }

    private static boolean fill(SocketChannel tcp, ByteBuffer buffer) throws IOException {
        if (buffer.hasRemaining() && tcp.read(buffer) < 0) {
            throw new EOFException("the server closed the TCP connection before its whole reply");
        }
        return !buffer.hasRemaining();
    }
}
