package io.ambassador.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/** Free ports on loopback. */
public final class Ports {
    private static final Set<Integer> GIVEN = ConcurrentHashMap.newKeySet();
    private static final int FIRST = 10_000;
    private static final int END = firstOfTheKernel();

    private Ports() {}

    /**
     * A TCP port of 127.0.0.1 that was free a moment ago, for servers that cannot take port 0; another each time. It is
     * none of those that the kernel hands out, so that no connection takes it before the server does.
     */
    public static int free() {
        while (true) {
            int port = END - FIRST < 1_000 ? 0 : ThreadLocalRandom.current().nextInt(FIRST, END);
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                if (GIVEN.add(socket.getLocalPort())) {
                    return socket.getLocalPort();
                }
            } catch (IOException e) {
                if (port == 0) {
                    throw new UncheckedIOException(e);
                }
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

    private static int firstOfTheKernel() {
        try { // in one read: the kernel answers no second one, and readString begins with a single byte
            String range = Files.readAllLines(Path.of("/proc/sys/net/ipv4/ip_local_port_range"))
                    .get(0);
            return Integer.parseInt(range.trim().split("\\s+")[0]);
        } catch (IOException notLinux) {
            return 0;
        }
    }
}
