package io.ambassador.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A real Docker Engine with socket, data, bridge and networks of its own; it writes no firewall rules, so containers are
 * reached from this machine and nowhere else. Needs root. Its only image, {@link #IMAGE}, holds a static busybox.
 */
public final class DockerEngine implements AutoCloseable {
    public static final String IMAGE = "busybox";

    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final int FIRST = ThreadLocalRandom.current().nextInt(100);
    private static final List<String> TOOLS = List.of("sh", "nc", "httpd", "hostname", "sleep", "mkdir", "rm");

    private final Path directory = Daemon.newDirectory("docker");
    private final Path socket = directory.resolve("docker.sock");
    private final int number = COUNT.incrementAndGet();
    private final String bridge = "amb" + ProcessHandle.current().pid() + "d" + number;
    private final String networks = "10." + (100 + (FIRST + number) % 100) + ".";
    private final List<String> more;
    private final Thread hook = new Thread(this::end, "end-docker");
    private Daemon daemon;

    private DockerEngine(List<String> more) {
        this.more = more;
    }

    /** @param options more of them, for {@code dockerd} */
    public static DockerEngine start(String... options) {
        DockerEngine engine = new DockerEngine(List.of(options));
        Runtime.getRuntime().addShutdownHook(engine.hook);
        try {
            engine.directory.toFile().setExecutable(true, false); // others may have a right to the socket
            run(List.of("ip", "link", "add", engine.bridge, "type", "bridge"));
            run(List.of("ip", "addr", "add", engine.networks + "0.1/24", "dev", engine.bridge));
            run(List.of("ip", "link", "set", engine.bridge, "up"));
            engine.launch();
            engine.importImage();
        } catch (RuntimeException | IOException e) {
            engine.close();
            throw e instanceof RuntimeException runtime ? runtime : new UncheckedIOException((IOException) e);
        }
        return engine;
    }

    public Path socket() {
        return socket;
    }

    /** {@code unix:///…}, as {@code DOCKER_HOST} has it. */
    public String host() {
        return "unix://" + socket;
    }

    /** What the addresses of its networks begin with, {@code 10.x.}; 64 to 127 may be given to networks by tests. */
    public String networks() {
        return networks;
    }

    /** Runs Docker's own client; returns what it prints. */
    public String docker(String... words) {
        List<String> line = new ArrayList<>(List.of("docker", "--host", host()));
        line.addAll(List.of(words));
        return run(line).strip();
    }

    /** Ends the engine by a signal, and leaves its containers to themselves; {@link #restart} brings it back. */
    public void stop(String signal) {
        daemon.stop(signal);
    }

    public void restart() {
        try { // process 1 may not have noticed that they are dead, and the engine believes what it sees
            Files.deleteIfExists(directory.resolve("pid"));
            Files.deleteIfExists(directory.resolve("exec/containerd/containerd.pid"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
        Runtime.getRuntime().removeShutdownHook(hook);
        end();
    }

    private void end() {
        try {
            if (daemon != null && daemon.isAlive()) {
                daemon.resumeProcess();
                String all = docker("ps", "--all", "--quiet");
                if (!all.isEmpty()) {
                    List<String> remove = new ArrayList<>(List.of("rm", "--force", "--volumes"));
                    remove.addAll(all.lines().toList());
                    docker(remove.toArray(String[]::new));
                }
                daemon.stop("TERM");
            }
        } finally {
            killWhatIsLeft();
            // It binds its data onto itself, and leaves that and namespaces mounted.
            run(List.of(
                    "sh",
                    "-c",
                    "grep -F " + directory + "/ /proc/mounts | cut -d' ' -f2 | sort -r | xargs -r -n 1 umount -l"));
            if (daemon != null) {
                daemon.close();
            }
            links().forEach(link -> run(List.of("ip", "link", "del", link)));
        }
    }

    /** Bridges of its networks, which an engine that ends leaves behind. */
    public List<String> links() {
        String shown = run(List.of("ip", "-o", "-4", "addr", "show", "to", networks + "0.0/16"));
        while (shown.contains("Dump was interrupted")) { // others come and go meanwhile
            shown = run(List.of("ip", "-o", "-4", "addr", "show", "to", networks + "0.0/16"));
        }
        return shown.lines().map(line -> line.split("\\s+")[1]).distinct().toList();
    }

    /** An engine that was killed leaves processes behind, which name its directory. */
    private void killWhatIsLeft() {
        ProcessHandle.allProcesses()
                .filter(process -> process.info()
                        .commandLine()
                        .filter(line -> line.contains(directory.toString()))
                        .isPresent())
                .filter(process -> process.pid() != ProcessHandle.current().pid())
                .forEach(ProcessHandle::destroyForcibly);
    }

    private void launch() {
        List<String> line = new ArrayList<>(List.of(
                "dockerd",
                "--host=" + host(),
                "--data-root=" + directory.resolve("data"),
                "--exec-root=" + directory.resolve("exec"),
                "--pidfile=" + directory.resolve("pid"),
                "--config-file=" + directory.resolve("none.json"),
                "--bridge=" + bridge,
                "--default-address-pool=base=" + networks + "128.0/17,size=24",
                "--iptables=false",
                "--ip6tables=false",
                "--ip-forward=false",
                "--ip-masq=false",
                "--storage-driver=vfs",
                "--shutdown-timeout=2"));
        line.addAll(more);
        try {
            Files.writeString(directory.resolve("none.json"), "{}");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        daemon = Daemon.start(directory, line, this::answers);
    }

    private boolean answers() {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            channel.write(ByteBuffer.wrap("GET /_ping HTTP/1.0\r\n\r\n".getBytes(UTF_8)));
            ByteBuffer answer = ByteBuffer.allocate(64);
            channel.read(answer);
            return new String(answer.array(), UTF_8).contains(" 200 ");
        } catch (IOException e) {
            return false;
        }
    }

    private void importImage() throws IOException {
        Path bin = Files.createDirectories(directory.resolve("image/bin"));
        Files.copy(Path.of("/bin/busybox"), bin.resolve("busybox"));
        bin.resolve("busybox").toFile().setExecutable(true, false);
        for (String tool : TOOLS) {
            Files.createSymbolicLink(bin.resolve(tool), Path.of("busybox"));
        }
        run(List.of(
                "sh",
                "-c",
                "tar -C " + directory.resolve("image") + " -c . | docker --host " + host() + " import - " + IMAGE));
    }

    private static String run(List<String> line) {
        try {
            Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), UTF_8);
            if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new IllegalStateException(String.join(" ", line) + ": " + said);
            }
            return said;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "Cannot start " + line.get(0) + ". Run bin/verify, which installs what tests need.", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
