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
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A real etcd 3.4 on free ports of 127.0.0.1, alone or one of a cluster, with its data in a temporary directory. Writes
 * go over its JSON API, as fast as it takes them; what a person would do goes through {@link #etcdctl}.
 */
public final class EtcdServer implements AutoCloseable {
    /**
     * Where a member runs.
     *
     * @param prefix what its command line begins with
     * @param host the address that it listens on
     */
    public record Place(List<String> prefix, String host) {
        static final Place HERE = new Place(List.of(), "127.0.0.1");
    }

    private final String name;
    private final Place place;
    private final int clientPort = Ports.free();
    private final int peerPort = Ports.free();
    private final String scheme;
    private final List<String> arguments = new ArrayList<>();
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    private final Path directory;
    private Daemon daemon;

    private EtcdServer(String name, Place place, String... flags) {
        this.name = name;
        this.place = place;
        this.directory = Daemon.newDirectory("etcd");
        this.scheme = List.of(flags).contains("--cert-file") ? "https" : "http";
        arguments.addAll(place.prefix());
        arguments.addAll(List.of(
                "etcd", "--name", name, "--data-dir", directory.resolve("data").toString()));
        arguments.addAll(List.of("--listen-client-urls", url(), "--advertise-client-urls", url()));
        arguments.addAll(List.of("--listen-peer-urls", peerUrl(), "--initial-advertise-peer-urls", peerUrl()));
        arguments.addAll(List.of("--log-level", "warn", "--logger", "zap"));
        arguments.addAll(List.of(flags));
    }

    /** One that is a cluster by itself; returns once it serves. */
    public static EtcdServer start(String... flags) {
        EtcdServer server = new EtcdServer("m0", Place.HERE, flags);
        server.arguments.addAll(List.of("--initial-cluster", "m0=" + server.peerUrl()));
        server.launch();
        server.awaitService();
        return server;
    }

    /** A cluster of {@code count} on 127.0.0.1; returns once it serves. */
    public static List<EtcdServer> cluster(int count) {
        return cluster(Collections.nCopies(count, Place.HERE));
    }

    /** A cluster with a member in each of {@code places}; returns once it serves. */
    public static List<EtcdServer> cluster(List<Place> places) {
        List<EtcdServer> members = new ArrayList<>();
        places.forEach(place -> members.add(new EtcdServer("m" + members.size(), place)));
        String cluster = members.stream()
                .map(member -> member.name + "=" + member.peerUrl())
                .collect(Collectors.joining(","));
        members.forEach(member -> member.arguments.addAll(List.of("--initial-cluster", cluster)));
        members.forEach(EtcdServer::launch);
        members.forEach(EtcdServer::awaitService);
        return members;
    }

    /** {@code host:port}, for clients. */
    public String address() {
        return place.host() + ":" + clientPort;
    }

    /** For the other members. */
    public int peerPort() {
        return peerPort;
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

    /** Many at once, in one transaction for each hundred. */
    public void putAll(Map<String, String> values) {
        List<String> puts = new ArrayList<>();
        values.forEach((key, value) ->
                puts.add("{\"request_put\":{\"key\":\"" + base64(key) + "\",\"value\":\"" + base64(value) + "\"}}"));
        for (int from = 0; from < puts.size(); from += 100) {
            List<String> some = puts.subList(from, Math.min(puts.size(), from + 100));
            post("/v3/kv/txn", "{\"success\":[" + String.join(",", some) + "]}");
        }
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

    /** Forgets everything before the present revision; to be called when there is something new to forget. */
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
        List<String> line = new ArrayList<>(List.of("etcdctl", "--endpoints", url()));
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
        daemon = Daemon.start(directory, arguments, () -> Ports.accepts(place.host(), clientPort));
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
        return send(HttpRequest.newBuilder(URI.create(url() + path)));
    }

    private String post(String path, String body) {
        return send(HttpRequest.newBuilder(URI.create(url() + path)).POST(HttpRequest.BodyPublishers.ofString(body)));
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

    private String url() {
        return scheme + "://" + address();
    }

    private String peerUrl() {
        return "http://" + place.host() + ":" + peerPort;
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
