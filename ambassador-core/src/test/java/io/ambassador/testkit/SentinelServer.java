package io.ambassador.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A real Redis Sentinel on a free port of 127.0.0.1, which monitors one primary by the name of {@link #MASTER}. */
public final class SentinelServer implements AutoCloseable {
    public static final String MASTER = "orders";

    private final int port;
    private final String password;
    private final Path configuration;
    private Daemon daemon;

    private SentinelServer(int port, String password, Path configuration) {
        this.port = port;
        this.password = password;
        this.configuration = configuration;
    }

    public static Builder of(int primaryPort) {
        return new Builder(primaryPort);
    }

    /** {@code 127.0.0.1:port}. */
    public String address() {
        return "127.0.0.1:" + port;
    }

    /** A connection that may command it, in plain text. */
    public RespClient client() {
        RespClient client = RespClient.connect("127.0.0.1", port);
        if (!password.isEmpty()) {
            client.command("AUTH", password);
        }
        return client;
    }

    public Object command(String... words) {
        try (RespClient client = client()) {
            return client.command(words);
        }
    }

    /** Another primary gets the name, which must be free ({@code SENTINEL REMOVE}). */
    public void monitor(int primaryPort) {
        command("SENTINEL", "MONITOR", MASTER, "127.0.0.1", Integer.toString(primaryPort), "1");
    }

    /** How many other sentinels it has found. */
    public int others() {
        return ((List<?>) command("SENTINEL", "SENTINELS", MASTER)).size();
    }

    /** How many replicas it knows whose link to the primary is up. */
    public long readyReplicas() {
        return ((List<?>) command("SENTINEL", "REPLICAS", MASTER))
                .stream()
                        .filter(replica -> ((List<?>) replica).contains("ok") && ((List<?>) replica).contains("slave"))
                        .count();
    }

    public String output() {
        return daemon.output();
    }

    /** SIGKILL; {@link #restart()} brings it back with what it knew. */
    public void kill() {
        daemon.kill();
    }

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

    @Override
    public void close() {
        daemon.close();
    }

    private void launch() {
        Path directory = daemon == null ? configuration.getParent() : daemon.directory();
        daemon = Daemon.start(
                directory, List.of("redis-server", configuration.toString(), "--sentinel"), () -> Ports.accepts(port));
    }

    /** How it is set up. */
    public static final class Builder {
        private final int primaryPort;
        private final List<String> lines = new ArrayList<>();
        private String password = "";
        private boolean tls;
        private int quorum = 1;

        private Builder(int primaryPort) {
            this.primaryPort = primaryPort;
        }

        /** How many sentinels have to think the primary down. */
        public Builder quorum(int sentinels) {
            quorum = sentinels;
            return this;
        }

        /** The sentinel's own, which other sentinels are expected to have, too. */
        public Builder password(String wanted) {
            password = wanted;
            lines.add("requirepass " + wanted);
            lines.add("sentinel sentinel-pass " + wanted);
            return this;
        }

        /** The password of the servers that it monitors. */
        public Builder serverPassword(String wanted) {
            lines.add("sentinel auth-pass " + MASTER + " " + wanted);
            return this;
        }

        /** TLS alone towards clients, without certificates of theirs. */
        public Builder tls(Certificates.Issued certificate) {
            tls = true;
            lines.add("tls-cert-file " + certificate.certificate());
            lines.add("tls-key-file " + certificate.key());
            lines.add("tls-ca-cert-file " + certificate.certificate());
            lines.add("tls-auth-clients no");
            return this;
        }

        public SentinelServer start() {
            int port = Ports.free();
            Path directory = Daemon.newDirectory("sentinel");
            List<String> file = new ArrayList<>(List.of(
                    "bind 127.0.0.1",
                    "protected-mode no",
                    "dir " + directory,
                    tls ? "tls-port " + port : "port " + port,
                    "sentinel monitor " + MASTER + " 127.0.0.1 " + primaryPort + " " + quorum,
                    "sentinel down-after-milliseconds " + MASTER + " 1000",
                    "sentinel failover-timeout " + MASTER + " 5000"));
            if (tls) {
                file.add("port 0");
            }
            file.addAll(lines);
            Path configuration = directory.resolve("sentinel.conf");
            try {
                Files.write(configuration, file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            SentinelServer server = new SentinelServer(port, password, configuration);
            server.launch();
            return server;
        }
    }
}
