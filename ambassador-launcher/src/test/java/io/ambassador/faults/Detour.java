package io.ambassador.faults;

import io.ambassador.testkit.Daemon;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A way to a server of this machine that leads through a network namespace, where packets can be lost: neither end hears
 * of it, as when a switch dies.
 */
final class Detour implements AutoCloseable {
    private static final int PORT = 7000; // all are free in there
    private static final String UNIX = "unix://";

    private final Netns netns = Netns.create(1);
    private final List<Daemon> relays = new ArrayList<>();

    private Detour() {}

    /** @param server {@code 127.0.0.1:port} or {@code unix:///path} */
    static Detour to(String server) {
        Detour detour = new Detour();
        try {
            detour.lead(server);
        } catch (RuntimeException e) {
            detour.close();
            throw e;
        }
        return detour;
    }

    private void lead(String server) {
        Path socket;
        if (server.startsWith(UNIX)) {
            socket = Path.of(server.substring(UNIX.length()));
        } else { // sockets of this kind are the same in every network
            Path directory = Daemon.newDirectory("detour");
            socket = directory.resolve("way.sock");
            relays.add(Daemon.start(
                    directory,
                    List.of("socat", "UNIX-LISTEN:" + socket + ",fork", "TCP:" + server),
                    () -> Files.exists(socket)));
        }
        List<String> inside = new ArrayList<>(netns.prefix());
        inside.addAll(List.of(
                "socat",
                "TCP-LISTEN:" + PORT + ",bind=" + netns.address(0) + ",fork,backlog=128",
                "UNIX-CONNECT:" + socket));
        relays.add(Daemon.start(Daemon.newDirectory("detour"), inside, this::accepts));
    }

    private boolean accepts() {
        try (Socket client = new Socket()) {
            client.connect(new InetSocketAddress(netns.address(0), PORT), 1_000);
            return true;
        } catch (IOException notYet) {
            return false;
        }
    }

    /** {@code host:port} by which the server is reached. */
    String address() {
        return netns.address(0) + ":" + PORT;
    }

    /** Every packet is lost, either way, of connections old and new. */
    void drop() {
        netns.dropTcpBetween(PORT);
    }

    void mend() {
        netns.clear();
    }

    @Override
    public void close() {
        relays.forEach(Daemon::close);
        netns.close();
    }
}
