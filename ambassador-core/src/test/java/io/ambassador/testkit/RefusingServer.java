package io.ambassador.testkit;

import io.ambassador.spi.discovery.Endpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;

/** A port of 127.0.0.1 that refuses connections for as long as this is open: bound, so nobody else gets it, but not listening. */
public final class RefusingServer implements AutoCloseable {
    private final Socket holder = new Socket();

    private RefusingServer() {}

    public static RefusingServer start() {
        RefusingServer server = new RefusingServer();
        try {
            server.holder.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return server;
    }

    public int port() {
        return holder.getLocalPort();
    }

    public Endpoint endpoint() {
        return Endpoint.of("127.0.0.1", port());
    }

    @Override
    public void close() {
        try {
            holder.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
