package io.ambassador.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/** One direction of a {@link FaultRelay}: its faults, and what passed. */
final class FaultyLine {
    private static final long SLICE_GAP_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final int CHUNKS_IN_FLIGHT = 64;

    private final ByteArrayOutputStream recorded = new ByteArrayOutputStream();
    private final Object flow = new Object();
    private boolean stalled;
    private volatile long latencyNanos;
    private volatile int slice;
    private volatile long bytesPerSecond;

    void latency(Duration latency) {
        latencyNanos = latency.toNanos();
    }

    void slice(int size) {
        slice = size;
    }

    void bandwidth(long limit) {
        bytesPerSecond = limit;
    }

    void stall(boolean on) {
        synchronized (flow) {
            stalled = on;
            flow.notifyAll();
        }
    }

    /** Returns at once, unless the line is stalled. */
    void awaitFlow() throws InterruptedException {
        synchronized (flow) {
            while (stalled) {
                flow.wait();
            }
        }
    }

    byte[] recorded() {
        synchronized (recorded) {
            return recorded.toByteArray();
        }
    }

    private enum Kind {
        BYTES,
        FIN,
        RST
    }

    /** A piece of the stream on its way. */
    private record Chunk(Kind kind, byte[] bytes, long due) {}

    /** One connection's bytes on this line, between the thread that reads them and the one that writes them. */
    final class Stream {
        private final BlockingQueue<Chunk> chunks = new ArrayBlockingQueue<>(CHUNKS_IN_FLIGHT);
        private volatile boolean broken;

        void send(byte[] buffer, int length) throws InterruptedException {
            enqueue(Kind.BYTES, Arrays.copyOf(buffer, length));
        }

        void end() throws InterruptedException {
            enqueue(Kind.FIN, new byte[0]);
        }

        void reset() throws InterruptedException {
            enqueue(Kind.RST, new byte[0]);
        }

        /**
         * Writes what is sent to {@code to}, until the end; then finishes its output.
         *
         * @throws IOException if the stream ends with a reset, or {@code to} cannot be written to
         */
        void deliver(Socket to) throws IOException, InterruptedException {
            try {
                OutputStream out = to.getOutputStream();
                Chunk chunk = chunks.take();
                while (chunk.kind() == Kind.BYTES) {
                    TimeUnit.NANOSECONDS.sleep(chunk.due() - System.nanoTime());
                    write(out, chunk.bytes());
                    chunk = chunks.take();
                }
                TimeUnit.NANOSECONDS.sleep(chunk.due() - System.nanoTime());
                awaitFlow();
                if (chunk.kind() == Kind.RST) {
                    throw new SocketException("The other side was reset.");
                }
                if (!to.isOutputShutdown()) {
                    to.shutdownOutput();
                }
            } finally {
                broken = true;
            }
        }

        private void enqueue(Kind kind, byte[] bytes) throws InterruptedException {
            Chunk chunk = new Chunk(kind, bytes, System.nanoTime() + latencyNanos);
            while (!broken && !chunks.offer(chunk, 50, TimeUnit.MILLISECONDS)) {
                // Full: the other side reads slowly.
            }
        }

        private void write(OutputStream out, byte[] bytes) throws IOException, InterruptedException {
            for (int at = 0; at < bytes.length; ) {
                awaitFlow();
                int size = slice;
                long limit = bytesPerSecond;
                int piece = bytes.length - at;
                if (size > 0) {
                    piece = Math.min(piece, size);
                }
                if (limit > 0) {
                    piece = (int) Math.max(1, Math.min(piece, limit / 100));
                }
                out.write(bytes, at, piece);
                synchronized (recorded) {
                    recorded.write(bytes, at, piece);
                }
                at += piece;
                if (size > 0) {
                    TimeUnit.NANOSECONDS.sleep(SLICE_GAP_NANOS);
                }
                if (limit > 0) {
                    TimeUnit.NANOSECONDS.sleep(TimeUnit.SECONDS.toNanos(piece) / limit);
                }
            }
        }
    }
}
