package io.ambassador.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A real etcd 3.4 on free ports of 127.0.0.1, alone or one of a cluster, with its data in a temporary directory. Writes
 * go over its JSON API, as fast as it takes them; what a person would do goes through {@link #etcdctl}.
 */
public final class EtcdServer implements AutoCloseable {
    private final String name;
    private final int clientPort = Ports.free();
    private final int peerPort;
    private final String scheme;
    private final List<String> arguments = new ArrayList<>();
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    private final Path directory;
    private Daemon daemon;

    private EtcdServer(String name, int peerPort, String cluster, List<String> flags) {
        this.name = name;
        this.peerPort = peerPort;
        this.directory = Daemon.newDirectory("etcd");
        this.scheme = flags.contains("--cert-file") ? "https" : "http";
        arguments.addAll(List.of(
                "etcd", "--name", name, "--data-dir", directory.resolve("data").toString()));
        arguments.addAll(List.of("--listen-client-urls", url(clientPort), "--advertise-client-urls", url(clientPort)));
        String peer = "http://127.0.0.1:" + peerPort;
        arguments.addAll(List.of("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer));
        arguments.addAll(List.of("--initial-cluster", cluster, "--log-level", "warn", "--logger", "zap"));
        arguments.addAll(flags);
    }

    /** One that is a cluster by itself; returns once it serves. */
    public static EtcdServer start(String... flags) {
        int peerPort = Ports.free();
        EtcdServer server = new EtcdServer("m1", peerPort, "m1=http://127.0.0.1:" + peerPort, List.of(flags));
        server.launch();
        server.awaitService();
        return server;
    }

    /** A cluster of {@code count}; returns once it serves. */
    public static List<EtcdServer> cluster(int count) {
        List<Integer> ports = new ArrayList<>();
        List<String> cluster = new ArrayList<>();
        for (int i = 1; i <= count; i++) {
            ports.add(Ports.free());
            cluster.add("m" + i + "=http://127.0.0.1:" + ports.get(i - 1));
        }
        List<EtcdServer> members = new ArrayList<>();
        for (int i = 1; i <= count; i++) {
            members.add(new EtcdServer("m" + i, ports.get(i - 1), String.join(",", cluster), List.of()));
        }
        members.forEach(EtcdServer::launch);
        members.forEach(EtcdServer::awaitService);
        return members;
    }

    /** {@code 127.0.0.1:port}, for clients. */
    public String address() {
        return "127.0.0.1:" + clientPort;
    }

    public int port() {
        return clientPort;
    }

    public long pid() {
        return daemon.pid();
    }

    // ---- what clients do ----

    public void put(String key, String value) {
        post("/v3/kv/put", "{\"key\":\"" + base64(key) + "\",\"value\":\"" + base64(value) + "\"}");
    }

    /** The key goes when the lease does. */
    public void put(String key, String value, long lease) {
        post(
                "/v3/kv/put",
                "{\"key\":\"" + base64(key) + "\",\"value\":\"" + base64(value) + "\",\"lease\":\"" + lease + "\"}");
    }

    public void delete(String key) {
        post("/v3/kv/deleterange", "{\"key\":\"" + base64(key) + "\"}");
    }

    /** Every key that begins with {@code prefix}. */
    public void deleteAll(String prefix) {
        String end = prefix.substring(0, prefix.length() - 1) + (char) (prefix.charAt(prefix.length() - 1) + 1);
        post("/v3/kv/deleterange", "{\"key\":\"" + base64(prefix) + "\",\"range_end\":\"" + base64(end) + "\"}");
    }

    /** A new lease; nobody renews it. */
    public long lease(int seconds) {
        return Long.parseLong(field("ID", post("/v3/lease/grant", "{\"TTL\":\"" + seconds + "\"}")));
    }

    public void revoke(long lease) {
        post("/v3/lease/revoke", "{\"ID\":\"" + lease + "\"}");
    }

    /** Of the whole store, now. */
    public long revision() {
        return Long.parseLong(field("revision", post("/v3/kv/range", "{\"key\":\"AA==\"}")));
    }

    /** Forgets everything before the present revision. */
    public void compact() {
        post("/v3/kv/compaction", "{\"revision\":\"" + revision() + "\",\"physical\":true}");
    }

    /** Watches that the server serves now. */
    public long watches() {
        String metrics = get("/metrics");
        Matcher matcher = Pattern.compile("(?m)^etcd_debugging_mvcc_watcher_total (\\S+)$")
                .matcher(metrics);
        return matcher.find() ? (long) Double.parseDouble(matcher.group(1)) : -1;
    }

    /** Range requests that the server has answered since it started. */
    public long reads() {
        Matcher matcher =
                Pattern.compile("(?m)^etcd_debugging_mvcc_range_total (\\S+)$").matcher(get("/metrics"));
        return matcher.find() ? (long) Double.parseDouble(matcher.group(1)) : -1;
    }

    public boolean isLeader() {
        String status = post("/v3/maintenance/status", "{}");
        return field("member_id", status).equals(field("leader", status));
    }

    /** Runs {@code etcdctl} against this server, with API 3; gives what it printed. */
    public String etcdctl(String... command) {
        List<String> line = new ArrayList<>(List.of("etcdctl", "--endpoints", scheme + "://" + address()));
        line.addAll(List.of(command));
        return run(line);
    }

    // ---- what happens to servers ----

    /** SIGKILL; {@link #restart} brings it back with what it knew. */
    public void kill() {
        daemon.kill();
    }

    public void restart() {
        daemon.kill();
        launch();
        awaitService();
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
        daemon = Daemon.start(directory, arguments, () -> Ports.accepts(clientPort));
    }

    /** Until it has, or is, a leader. */
    private void awaitService() {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (scheme.equals("http") && System.nanoTime() < deadline) {
            try {
                if (get("/health").contains("true")) {
                    return;
                }
            } catch (IllegalStateException e) {
                // not yet
            }
        }
        if (scheme.equals("http")) {
            throw new IllegalStateException(name + " did not come up: " + daemon.output());
        }
    }

    private String get(String path) {
        return send(HttpRequest.newBuilder(URI.create(url(clientPort) + path)));
    }

    private String post(String path, String body) {
        return send(HttpRequest.newBuilder(URI.create(url(clientPort) + path))
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    private String send(HttpRequest.Builder request) {
        try {
            HttpResponse<String> answer =
                    http.send(request.timeout(Duration.ofSeconds(10)).build(), HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new IllegalStateException(answer.statusCode() + ": " + answer.body());
            }
            return answer.body();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private String url(int port) {
        return scheme + "://127.0.0.1:" + port;
    }

    private static String field(String name, String json) {
        Matcher matcher = Pattern.compile('"' + name + "\":\"(\\d+)\"").matcher(json);
        if (!matcher.find()) {
            throw new IllegalStateException("no " + name + " in " + json);
        }
        return matcher.group(1);
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
    }

    private static String run(List<String> line) {
        try {
            ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true);
            builder.environment().putAll(Map.of("ETCDCTL_API", "3"));
            Process process = builder.start();
            String said = new String(process.getInputStream().readAllBytes(), UTF_8);
            if (process.waitFor() != 0) {
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
