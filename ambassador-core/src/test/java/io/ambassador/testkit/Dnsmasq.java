package io.ambassador.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A real dnsmasq on a free port of 127.0.0.1, authoritative for what its zone lists. The zone is lines of dnsmasq's own
 * configuration, such as {@code srv-host=_redis._tcp.example.com,r1.example.com,6379,0,10} or
 * {@code host-record=r1.example.com,127.0.0.1}.
 */
public final class Dnsmasq implements AutoCloseable {
    private final int port = Ports.free();
    private final int ttlSeconds;
    private Daemon daemon;

    private Dnsmasq(int ttlSeconds) {
        this.ttlSeconds = ttlSeconds;
    }

    /** @param ttlSeconds of every record */
    public static Dnsmasq start(int ttlSeconds, String... zone) {
        Dnsmasq dnsmasq = new Dnsmasq(ttlSeconds);
        dnsmasq.launch(List.of(zone));
        return dnsmasq;
    }

    /** {@code 127.0.0.1:port}, as settings name a resolver. */
    public String address() {
        return "127.0.0.1:" + port;
    }

    public int port() {
        return port;
    }

    /** Serves {@code zone} instead of the one before; the server is away for some milliseconds. */
    public void zone(String... zone) {
        daemon.close();
        launch(List.of(zone));
    }

    /** SIGKILL; {@link #zone} brings it back. */
    public void kill() {
        daemon.kill();
    }

    /** SIGSTOP. */
    public void pause() {
        daemon.pauseProcess();
    }

    /** SIGCONT. */
    public void resume() {
        daemon.resumeProcess();
    }

    /** How many queries for {@code type} (as {@code SRV}) and {@code name} it has logged since its last start. */
    public long queries(String type, String name) {
        return daemon.output()
                .lines()
                .filter(line -> line.contains("query[" + type + "] " + name + " "))
                .count();
    }

    @Override
    public void close() {
        daemon.close();
    }

    private void launch(List<String> zone) {
        Path directory = Daemon.newDirectory("dnsmasq");
        List<String> lines = new ArrayList<>(List.of(
                "port=" + port,
                "listen-address=127.0.0.1",
                "bind-interfaces",
                "no-resolv",
                "no-hosts",
                "no-daemon",
                "log-queries",
                "log-facility=-",
                "local-ttl=" + ttlSeconds,
                "local=/example.com/"));
        lines.addAll(zone);
        Path configuration = directory.resolve("dnsmasq.conf");
        try {
            Files.write(configuration, lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        daemon = Daemon.start(directory, List.of(program(), "--conf-file=" + configuration), this::answers);
    }

    private static String program() {
        Path packaged = Path.of("/usr/sbin/dnsmasq"); // not on every user's path
        return Files.isExecutable(packaged) ? packaged.toString() : "dnsmasq";
    }

    /** Whether a query for {@code up.example.com} is answered. */
    private boolean answers() {
        byte[] query = "\0\1\1\0\0\1\0\0\0\0\0\0\2up\7example\3com\0\0\1\0\1".getBytes(StandardCharsets.ISO_8859_1);
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.connect(InetAddress.getLoopbackAddress(), port);
            socket.setSoTimeout(250);
            socket.send(new DatagramPacket(query, query.length));
            socket.receive(new DatagramPacket(new byte[512], 512));
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
