package io.ambassador.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A real {@code postgres} on a free port of 127.0.0.1, with its data in a temporary directory and nothing made durable
 * beyond the end of the process.
 * As root it runs as {@code nobody}, since it refuses to be root.
 */
public final class PostgresServer implements AutoCloseable {
    /** How clients on TCP show who they are, in the words of {@code pg_hba.conf}. */
    public enum Method {
        SCRAM("scram-sha-256"),
        MD5("md5"),
        /** In the clear. */
        PASSWORD("password"),
        /** Not at all. */
        TRUST("trust");

        private final String word;

        Method(String word) {
            this.word = word;
        }
    }

    private static final String ADMIN = "postgres";
    private static final Path PROGRAMS = programs();
    private static final boolean ROOT = "root".equals(System.getProperty("user.name"));

    private final int port;
    private final Path directory;
    private Daemon daemon;

    private PostgresServer(int port, Path directory) {
        this.port = port;
        this.directory = directory;
        start();
    }

    /** With one user, for the database {@code postgres}. */
    public static PostgresServer withUser(Method method, String name, String password) {
        return builder().method(method).user(name, password).start();
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

    /** Where its unix socket is, on which anybody is let in as anybody. */
    public Path directory() {
        return directory;
    }

    /**
     * Runs statements as administrator in the database {@code postgres}, whatever the server asks of others.
     *
     * @return rows as lines, columns parted by {@code |}
     */
    public String sql(String statements) {
        return sql(ADMIN, statements);
    }

    public String sql(String database, String statements) {
        return run(
                statements,
                List.of(
                        program("psql"),
                        "--no-psqlrc",
                        "--tuples-only",
                        "--no-align",
                        "--quiet",
                        "--set=ON_ERROR_STOP=1",
                        "--host=" + directory,
                        "--port=" + port,
                        "--username=" + ADMIN,
                        "--dbname=" + database));
    }

    /** What it has logged so far, restarts included. */
    public String output() {
        return daemon.output();
    }

    /** Lines logged so far that contain {@code text}. */
    public long logged(String text) {
        return output().lines().filter(line -> line.contains(text)).count();
    }

    /** Ends a standby's following: it becomes a primary. Returns when it takes writes. */
    public void promote() {
        sql("SELECT pg_promote(true, 20)");
    }

    /** Lets it be a standby, of nobody, when it is started again. */
    public void demote() {
        try {
            Files.createFile(data().resolve("standby.signal"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts it again, where it was stopped or killed. */
    public void start() {
        try {
            Files.deleteIfExists(data().resolve("postmaster.pid")); // left behind by one that was killed
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        daemon = Daemon.start(
                directory, unprivileged(List.of(program("postgres"), "-D", data().toString())), this::isUp);
    }

    /** Closes every connection and shuts down. */
    public void stop() {
        daemon.stop("INT");
    }

    /** SIGKILL to it and all its processes. */
    public void kill() {
        List<ProcessHandle> children = children();
        daemon.kill();
        children.forEach(ProcessHandle::destroyForcibly);
        removeSharedMemory();
    }

    /** SIGSTOP to it and all its processes: the kernel goes on accepting, nothing answers. */
    public void pause() {
        daemon.pauseProcess();
        children().forEach(child -> run(null, List.of("kill", "-STOP", Long.toString(child.pid()))));
    }

    /** SIGCONT. */
    public void resume() {
        children().forEach(child -> run(null, List.of("kill", "-CONT", Long.toString(child.pid()))));
        daemon.resumeProcess();
    }

    @Override
    public void close() {
        if (ProcessHandle.of(daemon.pid()).isPresent()) {
            kill();
        }
        daemon.close();
    }

    private Path data() {
        return directory.resolve("data");
    }

    private List<ProcessHandle> children() {
        return ProcessHandle.of(daemon.pid()).stream()
                .flatMap(ProcessHandle::children)
                .toList();
    }

    /** The server says so in the last line of the file that names its process. */
    private boolean isUp() {
        List<String> lines = pidFile();
        return lines.size() > 7
                && List.of("ready", "standby").contains(lines.get(7).strip());
    }

    private List<String> pidFile() {
        try {
            Path file = data().resolve("postmaster.pid");
            return Files.exists(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What a killed server leaves to the kernel until the machine restarts. */
    private void removeSharedMemory() {
        List<String> lines = pidFile();
        if (lines.size() > 6 && !lines.get(6).isBlank()) {
            String segment = lines.get(6).strip().split(" +")[1];
            run(null, List.of("ipcrm", "--shmem-id", segment));
        }
    }

    /** How the server is set up. Not thread-safe. */
    public static final class Builder {
        private final List<String> settings = new ArrayList<>();
        private final List<String> rules = new ArrayList<>();
        private final StringBuilder statements = new StringBuilder();
        private Method method = Method.SCRAM;
        private String database = ADMIN;
        private Certificates.Issued certificate;
        private Path clientCa;
        private PostgresServer primary;

        private Builder() {}

        /** Default {@link Method#SCRAM}. */
        public Builder method(Method asked) {
            method = asked;
            return this;
        }

        /** A database of this name, which {@link #user users} named after it may do anything in. */
        public Builder database(String name) {
            database = name;
            statements.append("CREATE DATABASE ").append(name).append(";\n");
            return this;
        }

        /** Who may log in and use {@link #database}. */
        public Builder user(String name, String password) {
            return user(name, password, "");
        }

        /** @param options in the words of {@code CREATE ROLE}, such as {@code "CONNECTION LIMIT 1"} */
        public Builder user(String name, String password, String options) {
            statements
                    .append("SET password_encryption = '")
                    .append(method == Method.MD5 ? "md5" : "scram-sha-256")
                    .append("';\nCREATE ROLE ")
                    .append(name)
                    .append(" LOGIN PASSWORD '")
                    .append(password.replace("'", "''"))
                    .append("' ")
                    .append(options)
                    .append(";\n\\connect ")
                    .append(database)
                    .append("\nGRANT ALL ON SCHEMA public TO ")
                    .append(name)
                    .append(";\n");
            return this;
        }

        /** TLS, and nothing else on TCP; client certificates are not asked for. */
        public Builder tls(Certificates.Issued issued) {
            return tls(issued, null);
        }

        /** TLS, and nothing else on TCP; {@code ca}, unless null, must have issued the client's certificate. */
        public Builder tls(Certificates.Issued issued, Path ca) {
            certificate = issued;
            clientCa = ca;
            return this;
        }

        /** Follows {@code followed} as a hot standby, with its users and databases. */
        public Builder standbyOf(PostgresServer followed) {
            primary = followed;
            return this;
        }

        /** A line of {@code pg_hba.conf} before the others. */
        public Builder rule(String line) {
            rules.add(line);
            return this;
        }

        /** A line of {@code postgresql.conf}. */
        public Builder setting(String name, String value) {
            settings.add(name + " = '" + value + "'");
            return this;
        }

        /** Starts it and waits until it serves. */
        public PostgresServer start() {
            int port = Ports.free();
            Path directory = Daemon.newDirectory("postgres");
            Path data = directory.resolve("data");
            try {
                own(directory);
                if (primary == null) {
                    run(null, List.of("cp", "-a", Template.DATA.toString(), data.toString()));
                } else {
                    run(null, unprivileged(backup(data)));
                }
                Files.write(data.resolve("pg_hba.conf"), access());
                Files.write(data.resolve("postgresql.conf"), configuration(port, directory), StandardOpenOption.APPEND);
                own(directory);
                PostgresServer server = new PostgresServer(port, directory);
                if (primary == null && !statements.isEmpty()) {
                    server.sql(statements.toString());
                }
                return server;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private List<String> backup(Path data) {
            return List.of(
                    program("pg_basebackup"),
                    "--host=" + primary.directory,
                    "--port=" + primary.port,
                    "--username=" + ADMIN,
                    "--pgdata=" + data,
                    "--write-recovery-conf",
                    "--checkpoint=fast",
                    "--no-sync",
                    "--no-manifest");
        }

        private List<String> access() {
            List<String> lines = new ArrayList<>(List.of("local all all trust", "local replication all trust"));
            lines.addAll(rules);
            lines.add((certificate == null ? "host" : "hostssl")
                    + " all all 127.0.0.1/32 "
                    + method.word
                    + (clientCa == null ? "" : " clientcert=verify-ca"));
            return lines;
        }

        private List<String> configuration(int port, Path directory) throws IOException {
            List<String> lines = new ArrayList<>(List.of(
                    "listen_addresses = '127.0.0.1'",
                    "port = " + port,
                    "unix_socket_directories = '" + directory + "'",
                    "shared_buffers = '16MB'",
                    "fsync = off",
                    "full_page_writes = off",
                    "wal_receiver_status_interval = '1s'",
                    "wal_retrieve_retry_interval = '100ms'",
                    "log_connections = on",
                    "log_line_prefix = '%m [%p] %q%u@%d %a '"));
            if (certificate != null) {
                lines.add("ssl = on");
                lines.add("ssl_cert_file = '" + copy(certificate.certificate(), directory) + "'");
                lines.add("ssl_key_file = '" + copy(certificate.key(), directory) + "'");
            }
            if (clientCa != null) {
                lines.add("ssl_ca_file = '" + copy(clientCa, directory) + "'");
            }
            lines.addAll(settings);
            return lines;
        }

        private static Path copy(Path file, Path directory) throws IOException {
            return Files.copy(file, directory.resolve(file.getFileName().toString()));
        }
    }

    /** An empty cluster, made once and copied for each server. */
    private static final class Template {
        private static final Path DATA = make();

        private static Path make() {
            Path directory = Daemon.newDirectory("initdb");
            own(directory);
            Runtime.getRuntime()
                    .addShutdownHook(new Thread(
                            () -> run(null, List.of("rm", "-r", directory.toString())), "remove-initdb"));
            Path data = directory.resolve("data");
            run(
                    null,
                    unprivileged(List.of(
                            program("initdb"),
                            "--no-sync",
                            "--auth=trust",
                            "--username=" + ADMIN,
                            "--encoding=UTF8",
                            "--locale=C.UTF-8",
                            "--pgdata=" + data)));
            return data;
        }
    }

    /** Debian keeps the server's programs away from the path, a folder for each version. */
    private static Path programs() {
        try (Stream<Path> versions = Files.list(Path.of("/usr/lib/postgresql"))) {
            return versions.map(version -> version.resolve("bin"))
                    .filter(programs -> Files.isExecutable(programs.resolve("postgres")))
                    .max(Comparator.comparing(Path::toString))
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException("There is no postgres. Run bin/verify, which installs what tests need.", e);
        }
    }

    private static String program(String name) {
        return PROGRAMS.resolve(name).toString();
    }

    private static List<String> unprivileged(List<String> command) {
        if (!ROOT) {
            return command;
        }
        List<String> line = new ArrayList<>(List.of("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"));
        line.addAll(command);
        return line;
    }

    private static void own(Path directory) {
        if (ROOT) {
            run(null, List.of("chown", "-R", "nobody:nogroup", directory.toString()));
        }
    }

    /** What a program that ends by itself has printed. */
    private static String run(String input, List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            try (var in = process.getOutputStream()) {
                in.write((input == null ? "" : input).getBytes(UTF_8));
            }
            String said = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
            if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IllegalStateException(command.get(0) + " failed: " + said);
            }
            return said;
        } catch (IOException e) {
            throw new UncheckedIOException(Arrays.toString(command.toArray()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
