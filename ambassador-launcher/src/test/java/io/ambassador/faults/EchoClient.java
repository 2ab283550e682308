package io.ambassador.faults;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;

/** A client of an {@link EchoBackend}. */
final class EchoClient implements AutoCloseable {
    private final Socket socket;
    private final DataInputStream in;
    private final DataOutputStream out;
    private final int backend;

    private EchoClient(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new DataInputStream(socket.getInputStream());
        this.out = new DataOutputStream(socket.getOutputStream());
        this.backend = in.readInt();
    }

    /** Connects and waits for the backend's number. */
    static EchoClient connect(InetSocketAddress address) throws IOException {
        Socket socket = new Socket();
        try {
            socket.connect(address, 10_000);
            socket.setSoTimeout(20_000);
            socket.setTcpNoDelay(true);
            return new EchoClient(socket);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** One client that comes, is answered and leaves. @return the backend's number */
    static int call(InetSocketAddress address) throws IOException {
        try (EchoClient client = connect(address)) {
            client.exchange(System.nanoTime());
            return client.backend;
        }
    }

    int backend() {
        return backend;
    }

    Socket socket() {
        return socket;
    }

    /** Sends {@code word} and waits until it comes back. */
    void exchange(long word) throws IOException {
        out.writeLong(word);
        long back = in.readLong();
        if (back != word) {
            throw new IOException("sent " + word + ", got " + back);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
