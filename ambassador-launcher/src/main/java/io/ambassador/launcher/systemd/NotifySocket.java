package io.ambassador.launcher.systemd;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Sends datagrams to a unix socket, which the JDK cannot. Not thread-safe. */
final class NotifySocket implements AutoCloseable {
    private final Socket socket;
    private final byte[] address;

    private NotifySocket(Socket socket, byte[] address) {
        this.socket = socket;
        this.address = address;
    }

    /**
     * @param address a path, or a name of the abstract namespace after {@code @}
     * @throws IOException if this machine has no such sockets
     */
    static NotifySocket to(String address) throws IOException {
        if (!address.startsWith("/") && !address.startsWith("@")) {
            throw new IOException(address + " is neither a path nor an abstract name");
        }
        if (!Epoll.isAvailable()) {
            throw new IOException("datagrams to unix sockets need epoll, which is not available");
        }
        byte[] bytes = address.getBytes(UTF_8);
        if (bytes.length >= Socket.UDS_SUN_PATH_SIZE) {
            throw new IOException(address + " is longer than the address of a socket may be");
        }
        if (address.startsWith("@")) {
            bytes[0] = 0;
        }
        return new NotifySocket(Socket.newSocketDomainDgram(), bytes);
    }

    /** @throws IOException if nobody receives it now */
    void send(String message) throws IOException {
        byte[] bytes = message.getBytes(UTF_8);
        ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length).put(bytes);
        if (socket.sendToDomainSocket(direct, 0, bytes.length, address) <= 0) {
            throw new IOException("its queue is full");
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
