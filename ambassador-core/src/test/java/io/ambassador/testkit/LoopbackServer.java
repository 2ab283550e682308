package io.ambassador.testkit;

import io.ambassador.spi.discovery.Endpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A small server on a free port of 127.0.0.1, with a blocking thread for each connection. Closing it closes what is
 * open and ends every thread.
 */
public abstract class LoopbackServer implements AutoCloseable {
    private final ServerSocket listener;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
    private final List<IOException> failures = new CopyOnWriteArrayList<>();
    private final AtomicInteger accepted = new AtomicInteger();
    private volatile boolean closed;

    /** @param listener bound by the subclass, to plain text or TLS; owned from here on */
    protected LoopbackServer(ServerSocket listener) {
        this.listener = listener;
    }

    /** Subclasses call this once they can serve. */
    protected final void accept() {
        start(this::acceptLoop, "accept");
    }

    protected static ServerSocket bind() {
        return bind(InetAddress.getLoopbackAddress());
    }

    /** @param address another one of this machine's */
    protected static ServerSocket bind(InetAddress address) {
        try {
            return new ServerSocket(0, 1024, address);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Serves one connection, on a thread of its own; the socket is closed afterwards. */
    protected abstract void serve(Socket socket) throws IOException;

    public final int port() {
        return listener.getLocalPort();
    }

    public final InetSocketAddress address() {
        return new InetSocketAddress(listener.getInetAddress(), port());
    }

    public final Endpoint endpoint() {
        return Endpoint.of(listener.getInetAddress().getHostAddress(), port());
    }

    /** Connections accepted so far. */
    public final int accepted() {
        return accepted.get();
    }

    /** Connections open now. */
    public final int open() {
        return open.size();
    }

    /** What connections ended with, other than the end of the stream. */
    public final List<IOException> failures() {
        return List.copyOf(failures);
    }

    /** Closes every open connection with RST, and goes on accepting. */
    public final void resetAll() {
        for (Socket socket : open) {
            reset(socket);
        }
    }

    protected final void reset(Socket socket) {
        try {
            if (!socket.isClosed()) {
                socket.setSoLinger(true, 0);
                socket.close();
            }
        } catch (IOException e) {
            failures.add(e);
        }
    }

    @Override
    public void close() {
        closed = true;
        try {
            listener.close();
            for (Socket socket : open) {
                socket.close();
            }
            for (Thread thread : threads) {
                thread.interrupt();
                thread.join(10_000);
                if (thread.isAlive()) {
                    throw new IllegalStateException(thread + " did not end");
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Runs {@code work} on a thread that {@link #close} waits for. */
    protected final Thread start(Runnable work, String name) {
        Thread thread = new Thread(work, getClass().getSimpleName() + "-" + port() + "-" + name);
        thread.setDaemon(true);
        threads.add(thread);
        thread.start();
        return thread;
    }

    private void acceptLoop() {
        while (!closed) {
            try {
                Socket socket = listener.accept();
                open.add(socket);
                accepted.incrementAndGet();
                start(() -> serveAndClose(socket), "connection");
            } catch (IOException e) {
                if (!closed) {
                    failures.add(e);
                }
            }
        }
        threads.remove(Thread.currentThread());
    }

    private void serveAndClose(Socket socket) {
        try (socket) {
            if (closed) {
                return;
            }
            socket.setTcpNoDelay(true);
            serve(socket);
        } catch (IOException e) {
            if (!closed) {
                failures.add(e);
            }
        } finally {
            open.remove(socket);
            threads.remove(Thread.currentThread());
        }
    }
}
