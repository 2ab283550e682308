package io.ambassador.testkit;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A real ZooKeeper server, Debian's, on free ports of 127.0.0.1. What it was told outlives a kill and a restart. */
public final class ZooKeeperServer implements AutoCloseable {
    private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");
    private static final String CLASSES =
            "/usr/share/java/zookeeper.jar:/usr/share/java/slf4j-simple.jar:/usr/share/java/netty-codec.jar";

    private final int port = Ports.free();
    private final int tlsPort = Ports.free();
    private final Path directory = Daemon.newDirectory("zookeeper");
    private final List<String> more = new ArrayList<>();
    private Daemon daemon;

    private ZooKeeperServer() {}

    public static ZooKeeperServer start() {
        ZooKeeperServer server = new ZooKeeperServer();
        server.launch();
        return server;
    }

    /** Which also speaks TLS, on {@link #tlsPort()}, to clients that {@code ca} vouches for. */
    public static ZooKeeperServer withTls(Certificates.Issued issued, Path ca) {
        ZooKeeperServer server = new ZooKeeperServer();
        Path both = server.directory.resolve("server.pem");
        try {
            Files.writeString(both, Files.readString(issued.certificate()) + Files.readString(issued.key()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.more.addAll(List.of(
                "secureClientPort=" + server.tlsPort,
                "secureClientPortAddress=127.0.0.1",
                "serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory",
                "ssl.keyStore.location=" + both,
                "ssl.keyStore.type=PEM",
                "ssl.trustStore.location=" + ca,
                "ssl.trustStore.type=PEM"));
        server.launch();
        return server;
    }

    public int port() {
        return port;
    }

    public int tlsPort() {
        return tlsPort;
    }

    /** {@code 127.0.0.1:port}. */
    public String address() {
        return "127.0.0.1:" + port;
    }

    /** SIGKILL; {@link #restart} brings it back. */
    public void kill() {
        daemon.kill();
    }

    /** With what it kept; returns once it serves. */
    public void restart() {
        launch();
    }

    /** SIGSTOP. */
    public void pause() {
        daemon.pauseProcess();
    }

    /** SIGCONT. */
    public void resume() {
        daemon.resumeProcess();
    }

    public boolean isAlive() {
        return daemon.isAlive();
    }

    @Override
    public void close() {
        daemon.close();
    }

    private void launch() {
        List<String> lines = new ArrayList<>(List.of(
                "dataDir=" + directory.resolve("data"),
                "clientPort=" + port,
                "clientPortAddress=127.0.0.1",
                "tickTime=500",
                "maxClientCnxns=0",
                "admin.enableServer=false",
                "4lw.commands.whitelist=srvr"));
        lines.addAll(more);
        Path configuration = directory.resolve("zoo.cfg");
        try {
            Files.write(configuration, lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (!Files.exists(Path.of(CLASSES.split(":")[0]))) {
            throw new IllegalStateException(CLASSES + " is missing. Run bin/verify, which installs what tests need.");
        }
        daemon = Daemon.start(
                directory,
                List.of(
                        JAVA.toString(),
                        "-Xmx128m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                        "-cp",
                        CLASSES,
                        "org.apache.zookeeper.server.quorum.QuorumPeerMain",
                        configuration.toString()),
                this::serves);
    }

    private boolean serves() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 500);
            socket.setSoTimeout(500);
            socket.getOutputStream().write("srvr".getBytes(US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), US_ASCII).contains("Mode: standalone");
        } catch (IOException e) {
            return false;
        }
    }
}
