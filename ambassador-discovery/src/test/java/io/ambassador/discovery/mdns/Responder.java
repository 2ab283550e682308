package io.ambassador.discovery.mdns;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.util.List;
import org.xbill.DNS.Message;
import org.xbill.DNS.Record;

/** Answers for a {@link Zone} on the loopback interface, from port 5353 or another; may fall silent. */
final class Responder implements AutoCloseable {
    private static final InetSocketAddress GROUP = new InetSocketAddress("224.0.0.251", 5353);

    private final Zone zone;
    private final DatagramChannel channel;
    private volatile boolean silent;
    private volatile int questions;

    Responder(Zone zone) throws IOException {
        this.zone = zone;
        channel = open(GROUP);
        Thread thread = new Thread(this::run, "responder");
        thread.setDaemon(true);
        thread.start();
    }

    static NetworkInterface loopback() throws IOException {
        return NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());
    }

    private static DatagramChannel open(InetSocketAddress at) throws IOException {
        DatagramChannel channel = DatagramChannel.open(StandardProtocolFamily.INET);
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        channel.setOption(StandardSocketOptions.IP_MULTICAST_IF, loopback());
        channel.setOption(StandardSocketOptions.IP_MULTICAST_TTL, 255);
        channel.bind(at);
        channel.join(GROUP.getAddress(), loopback());
        return channel;
    }

    /** Sends one packet to the group from a port of any number. */
    static void sendFromElsewhere(byte[] packet) throws IOException {
        try (DatagramChannel other = open(new InetSocketAddress(0))) {
            other.send(ByteBuffer.wrap(packet), GROUP);
        }
    }

    void send(byte[] packet) throws IOException {
        channel.send(ByteBuffer.wrap(packet), GROUP);
    }

    void send(List<Record> records) throws IOException {
        if (!silent && !records.isEmpty()) {
            send(Zone.response(records));
        }
    }

    void silent(boolean value) {
        silent = value;
    }

    /** Those that it has been asked and could answer. */
    int questions() {
        return questions;
    }

    private void run() {
        ByteBuffer buffer = ByteBuffer.allocate(9_000);
        try {
            while (true) {
                buffer.clear();
                channel.receive(buffer);
                byte[] bytes = new byte[buffer.flip().remaining()];
                buffer.get(bytes);
                Message query = Packets.read(bytes);
                if (query != null && !Packets.isResponse(query)) {
                    List<Record> answers = zone.answers(query);
                    questions += answers.isEmpty() ? 0 : 1;
                    send(answers);
                }
            }
        } catch (ClosedChannelException closed) {
            // As wanted.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
