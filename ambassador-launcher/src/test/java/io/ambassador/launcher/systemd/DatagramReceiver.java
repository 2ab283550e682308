package io.ambassador.launcher.systemd;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.awaitility.Awaitility;

/** The receiving end of {@code $NOTIFY_SOCKET}, as systemd has it. */
public final class DatagramReceiver implements AutoCloseable {
    private final Socket socket;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(4096);
    private final List<String> received = new ArrayList<>();

    /** @param address a path, or an abstract name that begins with NUL */
    public DatagramReceiver(String address) throws IOException {
        Epoll.ensureAvailability(); // which loads the library
        socket = Socket.newSocketDomainDgram();
        socket.bind(new DomainSocketAddress(address));
    }

    /** Everything received so far, in order. */
    public List<String> received() {
        try {
            int length = socket.recv(buffer, 0, buffer.capacity());
            while (length > 0) {
                byte[] bytes = new byte[length];
                buffer.get(0, bytes);
                received.add(new String(bytes, StandardCharsets.UTF_8));
                length = socket.recv(buffer, 0, buffer.capacity());
            }
            return List.copyOf(received);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The first message that {@code wanted} accepts, be it received already or yet to come. */
    public String await(Predicate<String> wanted) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> received().stream().anyMatch(wanted));
        return received().stream().filter(wanted).findFirst().orElseThrow();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
