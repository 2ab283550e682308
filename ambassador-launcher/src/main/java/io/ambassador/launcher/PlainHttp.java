package io.ambassador.launcher;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** One HTTP/1.1 exchange over TCP or a unix socket, with a server that closes after its answer. */
final class PlainHttp {
    private static final int LARGEST = 64 * 1024 * 1024;

    /** An answer, whatever its status. */
    record Answer(int status, byte[] body) {}

    private PlainHttp() {}

    /**
     * Sends {@code request} and reads to the end of the connection.
     *
     * @param patience for all of it
     * @throws IOException also if what comes back is not a whole answer
     */
    static Answer exchange(SocketAddress address, byte[] request, Duration patience) throws IOException {
        long deadline = System.nanoTime() + patience.toNanos();
        try (Selector selector = Selector.open();
                SocketChannel channel = open(address)) {
            channel.configureBlocking(false);
            if (!channel.connect(address)) {
                await(channel, selector, SelectionKey.OP_CONNECT, deadline);
                channel.finishConnect();
            }
            ByteBuffer out = ByteBuffer.wrap(request);
            while (out.hasRemaining()) {
                if (channel.write(out) == 0) {
                    await(channel, selector, SelectionKey.OP_WRITE, deadline);
                }
            }
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            ByteBuffer in = ByteBuffer.allocate(16 * 1024);
            for (int read = channel.read(in); read >= 0; read = channel.read(in.clear())) {
                answer.write(in.array(), 0, read);
                if (answer.size() > LARGEST) {
                    throw new IOException("its answer is longer than " + LARGEST + " bytes");
                }
                if (read == 0) {
                    await(channel, selector, SelectionKey.OP_READ, deadline);
                }
            }
            return parse(answer.toByteArray());
        }
    }

    private static SocketChannel open(SocketAddress address) throws IOException {
        return address instanceof UnixDomainSocketAddress
                ? SocketChannel.open(StandardProtocolFamily.UNIX)
                : SocketChannel.open();
    }

    private static void await(SocketChannel channel, Selector selector, int operation, long deadline)
            throws IOException {
        channel.register(selector, operation);
        long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (millis <= 0 || selector.select(millis) == 0) {
            throw new SocketTimeoutException("no answer in time");
        }
        selector.selectedKeys().clear();
    }

    private static Answer parse(byte[] bytes) throws IOException {
        String text = new String(bytes, ISO_8859_1);
        int end = text.indexOf("\r\n\r\n");
        if (end < 0 || !text.matches("(?s)HTTP/1\\.[01] \\d{3}[ \r].*")) {
            throw bytes.length == 0 ? new EOFException("it closed without an answer") : new IOException("not HTTP");
        }
        int status = Integer.parseInt(text.substring(9, 12));
        byte[] body = Arrays.copyOfRange(bytes, end + 4, bytes.length);
        for (String line : text.substring(0, end).split("\r\n")) {
            String header = line.toLowerCase(Locale.ROOT);
            if (header.startsWith("transfer-encoding:")) {
                throw new IOException("not an ambassador's answer");
            }
            if (header.startsWith("content-length:")
                    && !header.substring(header.indexOf(':') + 1).trim().equals(Integer.toString(body.length))) {
                throw new EOFException("its answer was cut short");
            }
        }
        return new Answer(status, body);
    }
}
