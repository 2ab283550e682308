package io.ambassador.testkit;

import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A server on a free port of 127.0.0.1 that plays one script to each connection, then closes it. */
public final class ScriptedServer implements AutoCloseable {
    /** What the server says and expects; runs on a thread of its own. */
    public interface Script {
        /** @throws IOException if the client leaves, which ends this connection alone */
        void play(Connection connection) throws IOException;
    }

    /**
     * One client.
     *
     * @param in recorded in {@link #received()}
     */
    public record Connection(Socket socket, InputStream in, OutputStream out) {
        /** Waits until the client closes, and throws away what it sends. */
        public void awaitClose() throws IOException {
            in.transferTo(OutputStream.nullOutputStream());
        }

        /** Closes with RST. */
        public void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }
    }

    private final ServerSocket server;
    private final Script script;
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    private ScriptedServer(ServerSocket server, Script script) {
        this.server = server;
        this.script = script;
    }

    public static ScriptedServer start(Script script) {
        try {
            ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
            ScriptedServer server = new ScriptedServer(socket, script);
            Thread thread = new Thread(server::accept, "scripted-server");
            thread.setDaemon(true);
            thread.start();
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    public int port() {
        return server.getLocalPort();
    }

    /** Every byte that any client has sent and the script has read. */
    public byte[] received() {
        synchronized (received) {
            return received.toByteArray();
        }
    }

    @Override
    public void close() {
        try {
            server.close();
            for (Socket socket : open) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                open.add(socket);
                Thread thread = new Thread(() -> serve(socket), "scripted-connection");
                thread.setDaemon(true);
                thread.start();
            } catch (SocketException closed) {
                return;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            script.play(new Connection(socket, new Recorder(socket.getInputStream()), socket.getOutputStream()));
        } catch (IOException clientLeft) {
            // The client's side of the test says what it saw.
        } finally {
            open.remove(socket);
        }
    }

    private final class Recorder extends FilterInputStream {
        Recorder(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            int b = super.read();
            if (b >= 0) {
                synchronized (received) {
                    received.write(b);
                }
            }
            return b;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int count = super.read(bytes, offset, length);
            if (count > 0) {
                synchronized (received) {
                    received.write(bytes, offset, count);
                }
            }
            return count;
        }
    }
}
