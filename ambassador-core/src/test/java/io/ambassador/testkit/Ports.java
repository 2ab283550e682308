package io.ambassador.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Free ports on loopback, from where the kernel takes none for connections; each JVM has blocks of them to itself, so
 * that tests may run in several at once.
 */
public final class Ports {
    private static final int FIRST = 10_000;
    private static final int END = firstOfTheKernel();
    private static final int BLOCK = 100;

    private static final Queue<Integer> OURS = new ArrayDeque<>();
    /** Kept, since a channel that is garbage lets its lock go. */
    private static final List<FileChannel> LOCKS = new ArrayList<>();

    private Ports() {}

    /** A TCP port of 127.0.0.1 that is free, for servers that cannot take port 0; another each time. */
    public static synchronized int free() {
        while (true) {
            if (OURS.isEmpty()) {
                takeBlock();
            }
            try (ServerSocket socket = new ServerSocket(OURS.remove(), 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (IOException inUse) {
                // by something that is no test of ours
            }
        }
    }

    /** Whether something accepts on {@code port} of 127.0.0.1. */
    public static boolean accepts(int port) {
        return accepts("127.0.0.1", port);
    }

    /** Whether something accepts on {@code port} of {@code host}. */
    public static boolean accepts(String host, int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(host, port), 500);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Locked for as long as this JVM lives. */
    private static void takeBlock() {
        int blocks = (END - FIRST) / BLOCK;
        try {
            Path folder = Files.createDirectories(Path.of(
                    System.getProperty("java.io.tmpdir"), "ambassador-test-ports-" + System.getProperty("user.name")));
            int from = ThreadLocalRandom.current().nextInt(blocks);
            for (int i = 0; i < blocks; i++) {
                int first = FIRST + (from + i) % blocks * BLOCK;
                FileChannel lock = FileChannel.open(
                        folder.resolve(Integer.toString(first)), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                if (isLocked(lock)) {
                    LOCKS.add(lock);
                    for (int port = first; port < first + BLOCK; port++) {
                        OURS.add(port);
                    }
                    return;
                }
                lock.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        throw new IllegalStateException("Every block of ports from " + FIRST + " to " + END + " is taken by a JVM.");
    }

    private static boolean isLocked(FileChannel file) throws IOException {
        try {
            return file.tryLock() != null;
        } catch (OverlappingFileLockException ours) {
            return false;
        }
    }

    private static int firstOfTheKernel() {
        try { // in one read: the kernel answers no second one, and readString begins with a single byte
            String range = Files.readAllLines(Path.of("/proc/sys/net/ipv4/ip_local_port_range"))
                    .get(0);
            int first = Integer.parseInt(range.trim().split("\\s+")[0]);
            return first - FIRST >= 10 * BLOCK ? first : 32_768;
        } catch (IOException notLinux) {
            return 32_768;
        }
    }
}
