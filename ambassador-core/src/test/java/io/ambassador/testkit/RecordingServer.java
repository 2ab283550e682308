package io.ambassador.testkit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;

/**
 * Keeps every application byte it receives. Says nothing, unless a greeting is set, and so is also the server that
 * accepts and never answers.
 */
public final class RecordingServer extends LoopbackServer {
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private volatile byte[] greeting = {};

    private RecordingServer(ServerSocket listener) {
        super(listener);
    }

    public static RecordingServer start() {
        return start(bind());
    }

    /** Over TLS: a client that refuses the certificate leaves no byte behind. */
    public static RecordingServer startTls(SSLContext context, boolean needClientCertificate) {
        try {
            SSLServerSocket listener = (SSLServerSocket)
                    context.getServerSocketFactory().createServerSocket(0, 1024, InetAddress.getLoopbackAddress());
            listener.setNeedClientAuth(needClientCertificate);
            return start(listener);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static RecordingServer start(ServerSocket listener) {
        RecordingServer server = new RecordingServer(listener);
        server.accept();
        return server;
    }

    /** Sent to each client that connects from now on. */
    public RecordingServer greeting(byte[] bytes) {
        greeting = bytes.clone();
        return this;
    }

    /** Of all connections together, in the order they arrived. */
    public byte[] received() {
        synchronized (received) {
            return received.toByteArray();
        }
    }

    public String receivedText() {
        return new String(received(), StandardCharsets.ISO_8859_1);
    }

    @Override
    protected void serve(Socket socket) throws IOException {
        socket.getOutputStream().write(greeting);
        InputStream in = socket.getInputStream();
        byte[] buffer = new byte[16 * 1024];
        int read = in.read(buffer);
        while (read >= 0) {
            synchronized (received) {
                received.write(buffer, 0, read);
            }
            read = in.read(buffer);
        }
    }
}
