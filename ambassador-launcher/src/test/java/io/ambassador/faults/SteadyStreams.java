package io.ambassador.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/**
 * Many long connections to {@link EchoBackend}s on one thread. Each sends a message every 50 ms, whose bytes follow
 * from its connection and its number, and checks what comes back.
 */
final class SteadyStreams implements AutoCloseable {
    private static final int MESSAGE = 256;
    private static final long TICK = TimeUnit.MILLISECONDS.toNanos(50);

    /** One connection. */
    static final class Stream {
        private final SocketChannel channel;
        private final ByteBuffer in = ByteBuffer.allocate(MESSAGE);
        private final SplittableRandom random;
        private byte[] expected = new byte[0];
        private volatile int backend = -1;
        private volatile long messages;
        private volatile String end;
        private volatile boolean corrupted;

        private Stream(SocketChannel channel, long seed) {
            this.channel = channel;
            this.random = new SplittableRandom(seed);
            in.limit(Integer.BYTES);
        }

        /** The backend's number; -1 before it said it. */
        int backend() {
            return backend;
        }

        /** Messages that came back whole. */
        long messages() {
            return messages;
        }

        /** How it ended; {@code null} while it is open. */
        String end() {
            return end;
        }

        boolean corrupted() {
            return corrupted;
        }
    }

    private final List<Stream> streams = new ArrayList<>();
    private final Selector selector;
    private final Thread thread = new Thread(this::run, "steady-streams");
    private volatile boolean closed;

    private SteadyStreams(InetSocketAddress address, int number) throws IOException {
        selector = Selector.open();
        for (int i = 0; i < number; i++) {
            SocketChannel channel = SocketChannel.open(address);
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            Stream stream = new Stream(channel, i);
            channel.register(selector, SelectionKey.OP_READ, stream);
            streams.add(stream);
        }
    }

    static SteadyStreams open(InetSocketAddress address, int number) throws IOException {
        SteadyStreams streams = new SteadyStreams(address, number);
        streams.thread.start();
        return streams;
    }

    List<Stream> all() {
        return List.copyOf(streams);
    }

    List<Stream> at(int backend) {
        return streams.stream().filter(stream -> stream.backend() == backend).toList();
    }

    private void run() {
        try {
            long next = System.nanoTime();
            while (!closed) {
                long left = next - System.nanoTime();
                if (left <= 0) {
                    streams.forEach(this::sendNext);
                    next = System.nanoTime() + TICK;
                    left = TICK;
                }
                selector.select(Math.max(1, TimeUnit.NANOSECONDS.toMillis(left)));
                for (SelectionKey key : selector.selectedKeys()) {
                    receive((Stream) key.attachment());
                }
                selector.selectedKeys().clear();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void sendNext(Stream stream) {
        if (stream.end != null || stream.backend < 0 || stream.in.position() > 0 || stream.in.limit() != 0) {
            return;
        }
        byte[] message = new byte[MESSAGE];
        stream.random.nextBytes(message);
        stream.expected = message;
        stream.in.limit(MESSAGE);
        try {
            ByteBuffer out = ByteBuffer.wrap(message);
            while (out.hasRemaining()) {
                stream.channel.write(out);
            }
        } catch (IOException e) {
            end(stream, e.toString());
        }
    }

    private void receive(Stream stream) {
        try {
            if (stream.channel.read(stream.in) < 0) {
                end(stream, "end of data");
            } else if (!stream.in.hasRemaining() && stream.in.position() > 0) {
                stream.in.flip();
                if (stream.backend < 0) {
                    stream.backend = stream.in.getInt();
                } else {
                    stream.corrupted |= !stream.in.equals(ByteBuffer.wrap(stream.expected));
                    stream.messages++;
                }
                stream.in.clear().limit(0);
            }
        } catch (IOException e) {
            end(stream, e.toString());
        }
    }

    private static void end(Stream stream, String how) {
        if (stream.end == null) {
            stream.end = how;
            try {
                stream.channel.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Override
    public void close() throws IOException {
        closed = true;
        selector.wakeup();
        try {
            thread.join(10_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        for (Stream stream : streams) {
            stream.channel.close();
        }
        selector.close();
    }
}
