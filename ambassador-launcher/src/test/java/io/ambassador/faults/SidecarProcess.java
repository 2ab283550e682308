package io.ambassador.faults;

import io.ambassador.testkit.Daemon;
import io.ambassador.testkit.Ports;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The packaged jar as users run it, {@code bin/ambassador run}, in a process of its own. */
final class SidecarProcess implements AutoCloseable {
    private static final Path LAUNCHER = Path.of("..", "bin", "ambassador");
    private static final Path JAR = Path.of("target", "ambassador.jar");

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final Map<String, Integer> ports = new LinkedHashMap<>();
    private final int admin = Ports.free();
    private final Path configuration;
    private final Daemon daemon;

    private SidecarProcess(List<String> prefix, Map<String, String> services, String... options) {
        if (!Files.exists(JAR)) {
            throw new IllegalStateException(JAR.toAbsolutePath() + " is missing. Build it: mvn -DskipTests package");
        }
        Path directory = Daemon.newDirectory("sidecar");
        configuration = directory.resolve("ambassador.conf");
        List<String> lines = new ArrayList<>(List.of("ambassador.admin.listen = \"127.0.0.1:" + admin + "\""));
        services.forEach((name, settings) -> {
            int port = Ports.free();
            ports.put(name, port);
            lines.add("ambassador.services." + name + " { listen = " + port + ", " + settings + " }");
        });
        try {
            Files.write(configuration, lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(launcher(), "run", "-c", configuration.toString()));
        command.addAll(List.of(options));
        daemon = Daemon.start(directory, command, this::isReady);
    }

    /** @param settings of its one service, {@code main}, but for {@code listen} */
    static SidecarProcess start(String settings) {
        return start(List.of(), Map.of("main", settings));
    }

    /**
     * @param prefix of its command line, such as {@code prlimit --nofile=256:256}
     * @param services settings by name, but for {@code listen}
     * @param options of {@code run}
     */
    static SidecarProcess start(List<String> prefix, Map<String, String> services, String... options) {
        return new SidecarProcess(prefix, services, options);
    }

    private static String launcher() {
        return LAUNCHER.toAbsolutePath().normalize().toString();
    }

    /** What {@code ambassador check} prints of its configuration. */
    String check() {
        return Running.run(launcher(), "check", "-c", configuration.toString());
    }

    /** What {@code ambassador status} prints of it. */
    String statusTable() {
        return Running.run(launcher(), "status", "--admin", "127.0.0.1:" + admin);
    }

    /** Of the JVM itself, which the scripts have become by now. */
    long pid() {
        return daemon.pid();
    }

    /** Of service {@code main}. */
    InetSocketAddress address() {
        return address("main");
    }

    InetSocketAddress address(String service) {
        return new InetSocketAddress("127.0.0.1", ports.get(service));
    }

    /** What the admin address answers; an answer that takes more than 5 s fails. */
    String get(String path) throws IOException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + admin + path))
                .timeout(Duration.ofSeconds(5))
                .build();
        try {
            HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw new IOException(path + ": " + response.statusCode() + " " + response.body());
            }
            return response.body();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    /** The file it was started with, to be written anew. */
    Path configuration() {
        return configuration;
    }

    /** Has it read its file again; what it answers, be it that it will not. */
    HttpResponse<String> reload() throws IOException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + admin + "/api/reload"))
                .timeout(Duration.ofSeconds(30))
                .POST(HttpRequest.BodyPublishers.noBody())
                .build();
        try {
            return http.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    /** The sum of a meter's series whose labels contain {@code label}. */
    double metric(String name, String label) throws IOException {
        return get("/metrics")
                .lines()
                .filter(line -> line.startsWith(name + (label.isEmpty() ? "" : "{")) && line.contains(label))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    /** Memory of the process that is in use now. */
    long residentKiB() {
        return status("VmRSS:");
    }

    /** The most there ever was. */
    long peakKiB() {
        return status("VmHWM:");
    }

    long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc", Long.toString(daemon.pid()), "fd"))) {
            return open.count();
        }
    }

    /** POSTs without a body. */
    void post(String path) throws IOException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + admin + path))
                .timeout(Duration.ofSeconds(5))
                .POST(HttpRequest.BodyPublishers.noBody())
                .build();
        try {
            HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() >= 300) {
                throw new IOException(path + ": " + response.statusCode() + " " + response.body());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    void signal(String name) {
        daemon.signal(name);
    }

    /** Its exit code, once it has ended. */
    int awaitExit() {
        return daemon.exitCode();
    }

    /** What it has logged so far. */
    List<String> log() {
        return daemon.output().lines().toList();
    }

    int threads() {
        return (int) status("Threads:");
    }

    private long status(String field) {
        try {
            return Files.readAllLines(Path.of("/proc", Long.toString(daemon.pid()), "status")).stream()
                    .filter(line -> line.startsWith(field))
                    .map(line -> line.replaceAll("\\D", ""))
                    .mapToLong(Long::parseLong)
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean isReady() {
        try {
            return get("/readyz").startsWith("ready");
        } catch (IOException notYet) {
            return false;
        }
    }

    @Override
    public void close() {
        daemon.close();
    }
}
