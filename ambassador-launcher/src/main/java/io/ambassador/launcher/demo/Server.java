package io.ambassador.launcher.demo;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A TCP server on a free port of loopback, with a thread for each connection. It can be stopped and started again on
 * the same port, which it keeps meanwhile. Thread-safe.
 */
abstract class Server implements AutoCloseable {
    /** Between the last connection that is accepted and the end of those still open. */
    static final Duration GRACE = Duration.ofMillis(200);

    private static final int MAX_CONNECTIONS = 256;
    private static final Logger LOG = LoggerFactory.getLogger("ambassador.demo");

    private final String name;
    private final int port;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private @Nullable ServerSocket listener;
    private @Nullable Thread acceptor;
    private @Nullable Socket placeholder; // bound but not listening: dialling the port is refused
    private boolean closed;

    /** Takes a port; nobody is served before {@link #start}. */
    Server(String name) throws IOException {
        this.name = name;
        this.placeholder = hold(0);
        this.port = placeholder.getLocalPort();
    }

    /** Serves one connection on a thread of its own; the socket is closed afterwards. */
    abstract void serve(Socket client) throws IOException;

    final String name() {
        return name;
    }

    final InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    /** {@code 127.0.0.1:port}. */
    final String endpoint() {
        return "127.0.0.1:" + port;
    }

    synchronized void start() throws IOException {
        if (closed) {
            return;
        }
        if (placeholder != null) {
            placeholder.close();
            placeholder = null;
        }
        if (listener == null) {
            ServerSocket bound = new ServerSocket(port, 128, InetAddress.getByName("127.0.0.1"));
            listener = bound;
            acceptor = thread("accept", () -> accept(bound));
        }
    }

    /** Accepts nobody from now on, and cuts what is still open after {@link #GRACE}; blocks that long. */
    synchronized void stop() throws IOException, InterruptedException {
        if (listener != null) {
            stopListening();
            placeholder = hold(port);
            Thread.sleep(GRACE.toMillis());
            closeOpen();
        }
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        try {
            stopListening();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (placeholder != null) {
            placeholder.close();
            placeholder = null;
        }
        closeOpen();
    }

    /** Returns when nobody can connect any more: a thread that waits for a client keeps the kernel listening. */
    private void stopListening() throws IOException, InterruptedException {
        if (listener != null) {
            listener.close();
            listener = null;
        }
        if (acceptor != null) {
            acceptor.join();
            acceptor = null;
        }
    }

    private void closeOpen() throws IOException {
        for (Socket socket : open) {
            socket.close();
        }
    }

    private static Socket hold(int port) throws IOException {
        Socket socket = new Socket();
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress("127.0.0.1", port));
        return socket;
    }

    private void accept(ServerSocket from) {
        while (!from.isClosed()) {
            try {
                Socket client = from.accept();
                if (open.size() >= MAX_CONNECTIONS) {
                    client.close();
                    continue;
                }
                open.add(client);
                thread("connection", () -> serveAndClose(client));
            } catch (IOException e) {
                if (!from.isClosed()) {
                    LOG.warn("{} cannot accept: {}", name, e.toString());
                }
            }
        }
    }

    private void serveAndClose(Socket client) {
        try (client) {
            client.setTcpNoDelay(true);
            serve(client);
        } catch (IOException | RuntimeException e) { // such as a message that no parser expects
            LOG.debug("{}: a connection ended: {}", name, e.toString());
        } finally {
            open.remove(client);
        }
    }

    private Thread thread(String what, Runnable work) {
        Thread thread = new Thread(work, "demo-" + name + "-" + what);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }
}
