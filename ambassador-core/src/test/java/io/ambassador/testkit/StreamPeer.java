package io.ambassador.testkit;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * One end of a connection that sends a stream which describes itself and checks the one it receives: a seed, a
 * length, and the bytes that follow from the seed. A lost, added or changed byte, or an end too early, is an
 * {@link IOException}.
 */
public final class StreamPeer {
    private static final int CHUNK = 16 * 1024;

    private StreamPeer() {}

    /** Sends {@code length} bytes, then says that no more will come. */
    public static void send(Socket socket, long seed, long length) throws IOException {
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream(), CHUNK));
        out.writeLong(seed);
        out.writeLong(length);
        SplittableRandom random = new SplittableRandom(seed);
        byte[] chunk = new byte[CHUNK];
        for (long left = length; left > 0; left -= chunk.length) {
            random.nextBytes(chunk);
            out.write(chunk, 0, (int) Math.min(left, chunk.length));
        }
        out.flush();
        socket.shutdownOutput();
    }

    /** Receives up to the end of the stream and checks every byte. @return how many there were */
    public static long receive(Socket socket) throws IOException {
        DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), CHUNK));
        long seed = in.readLong();
        long length = in.readLong();
        SplittableRandom random = new SplittableRandom(seed);
        byte[] expected = new byte[CHUNK];
        byte[] chunk = new byte[CHUNK];
        for (long left = length; left > 0; left -= chunk.length) {
            int size = (int) Math.min(left, chunk.length);
            random.nextBytes(expected);
            readFully(in, chunk, size, length - left);
            if (java.util.Arrays.mismatch(chunk, 0, size, expected, 0, size) >= 0) {
                throw new IOException("byte changed after " + (length - left) + " of " + length);
            }
        }
        if (in.read() >= 0) {
            throw new IOException("more than the announced " + length + " bytes");
        }
        return length;
    }

    /** Sends and receives at the same time. */
    public static void exchange(Socket socket, long seed, long length, Executor executor) throws IOException {
        CompletableFuture<IOException> sent = new CompletableFuture<>();
        executor.execute(() -> {
            try {
                send(socket, seed, length);
                sent.complete(null);
            } catch (IOException e) {
                sent.complete(e);
            }
        });
        receive(socket);
        IOException failure = sent.join();
        if (failure != null) {
            throw failure;
        }
    }

    private static void readFully(InputStream in, byte[] chunk, int size, long before) throws IOException {
        int read = in.readNBytes(chunk, 0, size);
        if (read < size) {
            throw new IOException("ended after " + (before + read) + " bytes, too early");
        }
    }
}
