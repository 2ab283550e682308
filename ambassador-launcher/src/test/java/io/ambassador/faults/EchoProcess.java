package io.ambassador.faults;

import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.testkit.Daemon;
import io.ambassador.testkit.Ports;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** An {@link EchoBackend} in a process of its own, which can be killed. */
final class EchoProcess implements AutoCloseable {
    private final List<String> prefix;
    private final String host;
    private final int port;
    private final int number;
    private Daemon daemon;

    private EchoProcess(List<String> prefix, String host, int port, int number) {
        this.prefix = prefix;
        this.host = host;
        this.port = port;
        this.number = number;
    }

    /** On a free port of 127.0.0.1. */
    static EchoProcess start(int number) {
        return start(List.of(), "127.0.0.1", Ports.free(), number);
    }

    /** @param prefix of its command line, such as {@code ip netns exec NAME} */
    static EchoProcess start(List<String> prefix, String host, int port, int number) {
        EchoProcess process = new EchoProcess(prefix, host, port, number);
        process.launch();
        return process;
    }

    Endpoint endpoint() {
        return Endpoint.of(host, port);
    }

    int number() {
        return number;
    }

    /** SIGKILL; returns once it is gone. */
    void kill() {
        daemon.kill();
    }

    /** On the same port, after {@link #kill}. */
    void restart() {
        daemon.close();
        launch();
    }

    @Override
    public void close() {
        daemon.close();
    }

    private void launch() {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classes().toString(),
                EchoBackend.class.getName(),
                host,
                Integer.toString(port),
                Integer.toString(number)));
        daemon = Daemon.start(Daemon.newDirectory("echo"), command, this::accepts);
    }

    private boolean accepts() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(host, port), 500);
            return true;
        } catch (IOException notYet) {
            return false;
        }
    }

    private static Path classes() {
        try {
            return Path.of(EchoBackend.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
