package io.ambassador.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** A real {@code redis-server} on a free port of 127.0.0.1, with its data in a temporary directory. */
public final class RedisServer implements AutoCloseable {
    private static final String ADMIN = "testkit";

    private final int port;
    private final Daemon daemon;
    private final String adminPassword;
    private RespClient admin;

    private RedisServer(int port, Daemon daemon, String adminPassword) {
        this.port = port;
        this.daemon = daemon;
        this.adminPassword = adminPassword;
        this.admin = connect();
    }

    private RespClient connect() {
        RespClient client = RespClient.connectUnix(socket(daemon.directory()));
        client.command("AUTH", ADMIN, adminPassword);
        return client;
    }

    private static Path socket(Path directory) {
        return directory.resolve("admin.sock");
    }

    /** Without a password. */
    public static RedisServer start() {
        return builder().start();
    }

    public static RedisServer withPassword(String password) {
        return builder().password(password).start();
    }

    public static Builder builder() {
        return new Builder();
    }

    public int port() {
        return port;
    }

    public InetSocketAddress address() {
        return new InetSocketAddress("127.0.0.1", port);
    }

    /**
     * Runs a command as administrator, whatever users and certificates the server asks of others.
     *
     * @return a String, a Long, a List of these, or null
     * @throws RespClient.ErrorReply if the server answers an error
     */
    public synchronized Object command(String... arguments) {
        try {
            return admin.command(arguments);
        } catch (UncheckedIOException e) { // a sentinel that moves the primary closes everybody's connections
            admin.close();
            admin = connect();
            return admin.command(arguments);
        }
    }

    /** A client's connections, closed from the server's side. */
    public long killClients() {
        return (Long) command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    }

    /** What it has logged so far. */
    public String output() {
        return daemon.output();
    }

    /** SIGKILL. */
    public void kill() {
        daemon.kill();
    }

    /** SIGSTOP: the kernel goes on accepting, nothing answers. */
    public void pause() {
        daemon.pauseProcess();
    }

    /** SIGCONT. */
    public void resume() {
        daemon.resumeProcess();
    }

    @Override
    public synchronized void close() {
        admin.close();
        daemon.close();
    }

    /** How the server is set up. Not thread-safe. */
    public static final class Builder {
        private final List<String> lines = new ArrayList<>();
        private final String adminPassword = UUID.randomUUID().toString();
        private int fixedPort;
        private boolean tls;

        private Builder() {}

        /** Takes {@code port} instead of a free one. */
        public Builder port(int port) {
            fixedPort = port;
            return this;
        }

        /** {@code requirepass}. */
        public Builder password(String password) {
            return setting("requirepass", quoted(password));
        }

        /** An ACL user who may do everything. */
        public Builder user(String name, String password) {
            return user(name, password, "+@all");
        }

        /** @param rules commands in ACL notation, such as {@code "+@all -role"} */
        public Builder user(String name, String password, String rules) {
            return setting("user", name + " on " + quoted(">" + password) + " ~* &* " + rules);
        }

        /** Nobody may do anything without logging in as a {@link #user}. */
        public Builder defaultUserOff() {
            return setting("user", "default off");
        }

        /** TLS alone, without client certificates. */
        public Builder tls(Certificates.Issued certificate) {
            return tls(certificate, null);
        }

        /** TLS alone; {@code clientCa}, unless null, must have issued the client's certificate. */
        public Builder tls(Certificates.Issued certificate, Path clientCa) {
            tls = true;
            setting("tls-cert-file", certificate.certificate().toString());
            setting("tls-key-file", certificate.key().toString());
            setting("tls-auth-clients", clientCa == null ? "no" : "yes");
            return setting("tls-ca-cert-file", (clientCa == null ? certificate.certificate() : clientCa).toString());
        }

        /** Follows {@code primary}, which speaks plain text. */
        public Builder replicaOf(RedisServer primary) {
            setting("replicaof", "127.0.0.1 " + primary.port);
            setting("masteruser", ADMIN);
            return setting("masterauth", primary.adminPassword);
        }

        /** Any other line of {@code redis.conf}. */
        public Builder setting(String name, String value) {
            lines.add(name + " " + value);
            return this;
        }

        /** Starts it and waits until it answers, or is loading its data. */
        public RedisServer start() {
            int port = fixedPort != 0 ? fixedPort : Ports.free();
            Path directory = Daemon.newDirectory("redis");
            Path socket = socket(directory);
            List<String> file = new ArrayList<>(List.of(
                    "bind 127.0.0.1",
                    (tls ? "tls-port " : "port ") + port,
                    "unixsocket " + socket,
                    "unixsocketperm 700",
                    "save \"\"",
                    "dir " + directory,
                    "repl-diskless-sync-delay 0",
                    "user " + ADMIN + " on >" + adminPassword + " ~* &* +@all"));
            if (tls) {
                file.add("port 0");
            }
            file.addAll(lines);
            try {
                Files.write(directory.resolve("redis.conf"), file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            Daemon daemon = Daemon.start(
                    directory,
                    List.of("redis-server", directory.resolve("redis.conf").toString()),
                    () -> Ports.accepts(port) && listens(socket));
            try {
                return new RedisServer(port, daemon, adminPassword);
            } catch (RuntimeException e) {
                daemon.close(); // nobody else would
                throw e;
            }
        }

        /** The file is there a moment before the server listens on it. */
        private static boolean listens(Path socket) {
            try (RespClient client = RespClient.connectUnix(socket)) {
                return true;
            } catch (UncheckedIOException notYet) {
                return false;
            }
        }

        private static String quoted(String text) {
            return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
        }
    }
}
