package io.ambassador.testkit;

import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;

/** Plays one script to each connection, then closes it. */
public final class ScriptedServer extends LoopbackServer {
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

    private final Script script;
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();

    private ScriptedServer(Script script) {
        super(bind());
        this.script = script;
    }

    public static ScriptedServer start(Script script) {
        ScriptedServer server = new ScriptedServer(script);
        server.accept();
        return server;
    }

    /** Every byte that any client has sent and the script has read. */
    public byte[] received() {
        synchronized (received) {
            return received.toByteArray();
        }
    }

    @Override
    protected void serve(Socket socket) throws IOException {
        socket.setTcpNoDelay(true);
        script.play(new Connection(socket, new Recorder(socket.getInputStream()), socket.getOutputStream()));
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
