package io.ambassador.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A real Consul agent, a server of its own cluster of one, on free ports of 127.0.0.1. What it is told to keep outlives
 * a kill and a restart. Talks to it over its HTTP interface, as everybody does.
 */
public final class ConsulServer implements AutoCloseable {
    private static final String TOKEN = "X-Consul-Token";

    private final int httpPort = Ports.free();
    private final int httpsPort = Ports.free();
    private final int serverPort = Ports.free();
    private final int serfPort = Ports.free();
    private final Path directory = Daemon.newDirectory("consul");
    private final List<String> more = new ArrayList<>();
    private String token = "";
    private Daemon daemon;

    private ConsulServer() {}

    public static ConsulServer start() {
        return start(List.of());
    }

    /** @param configuration more of it, each a JSON object */
    public static ConsulServer start(List<String> configuration) {
        ConsulServer server = new ConsulServer();
        server.more.addAll(configuration);
        server.launch();
        return server;
    }

    /** With access control, and {@code token} able to do everything. */
    public static ConsulServer withTokens(String token) {
        ConsulServer server = new ConsulServer();
        server.token = token;
        server.more.add("{\"acl\": {\"enabled\": true, \"default_policy\": \"deny\", \"tokens\": {\"master\": \""
                + token + "\", \"agent\": \"" + token + "\"}}}");
        server.launch();
        return server;
    }

    /** Which also speaks TLS, on {@link #httpsPort()}, with this certificate, to clients that {@code ca} vouches for. */
    public static ConsulServer withTls(Certificates.Issued issued, Path ca) {
        return start(List.of("{\"verify_incoming_https\": true, \"ca_file\": \"" + ca + "\", \"cert_file\": \""
                + issued.certificate() + "\", \"key_file\": \"" + issued.key() + "\"}"));
    }

    /** {@code 127.0.0.1:port} of the HTTP interface. */
    public String address() {
        return "127.0.0.1:" + httpPort;
    }

    public int port() {
        return httpPort;
    }

    public int httpsPort() {
        return httpsPort;
    }

    /** Registers an instance without a check; its id is {@code name-port}. */
    public void register(String name, String address, int port) {
        register("{\"Name\": \"" + name + "\", \"ID\": \"" + name + "-" + port + "\", \"Address\": \"" + address
                + "\", \"Port\": " + port + "}");
    }

    /** @param definition as {@code /v1/agent/service/register} takes it */
    public void register(String definition) {
        call("PUT", "/v1/agent/service/register", definition);
    }

    public void deregister(String id) {
        call("PUT", "/v1/agent/service/deregister/" + id, "");
    }

    /** @param status {@code pass}, {@code warn} or {@code fail} */
    public void check(String id, String status) {
        call("PUT", "/v1/agent/check/" + status + "/" + id, "");
    }

    public void put(String key, String value) {
        call("PUT", "/v1/kv/" + key, value);
    }

    /** @param keyAndQuery such as {@code redis?recurse} */
    public void delete(String keyAndQuery) {
        call("DELETE", "/v1/kv/" + keyAndQuery, "");
    }

    /** @throws UncheckedIOException unless it answers with 200 */
    public String call(String method, String target, String body) {
        try {
            HttpURLConnection connection = (HttpURLConnection)
                    URI.create("http://" + address() + target).toURL().openConnection();
            connection.setConnectTimeout(2_000);
            connection.setReadTimeout(10_000);
            connection.setRequestMethod(method);
            if (!token.isEmpty()) {
                connection.setRequestProperty(TOKEN, token);
            }
            if (method.equals("PUT")) {
                connection.setDoOutput(true);
                connection.getOutputStream().write(body.getBytes(UTF_8));
            }
            if (connection.getResponseCode() != 200) {
                throw new IOException(method + " " + target + ": " + connection.getResponseCode() + " "
                        + new String(connection.getErrorStream().readAllBytes(), UTF_8));
            }
            return new String(connection.getInputStream().readAllBytes(), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** SIGKILL; {@link #restart} brings it back. */
    public void kill() {
        daemon.kill();
    }

    /** With what it kept; returns once it has a leader. */
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
        try {
            Files.createDirectories(directory.resolve("data"));
            Files.writeString(directory.resolve("own.json"), """
                    {"datacenter": "dc1", "node_name": "node-1", "server": true, "bootstrap_expect": 1, "ui": false,
                     "bind_addr": "127.0.0.1", "client_addr": "127.0.0.1", "data_dir": "%s", "log_level": "warn",
                     "leave_on_terminate": false, "performance": {"raft_multiplier": 1},
                     "raft_protocol": 3, "disable_update_check": true, "enable_script_checks": false,
                     "ports": {"http": %d, "https": %d, "server": %d, "serf_lan": %d, "serf_wan": -1, "dns": -1, "grpc": -1}}
                    """.formatted(
                            directory.resolve("data"), httpPort, https(), serverPort, serfPort));
            for (int i = 0; i < more.size(); i++) {
                Files.writeString(directory.resolve("more" + i + ".json"), more.get(i));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List<String> command = new ArrayList<>(List.of("consul", "agent", "-config-file", directory + "/own.json"));
        for (int i = 0; i < more.size(); i++) {
            command.addAll(List.of("-config-file", directory + "/more" + i + ".json"));
        }
        daemon = Daemon.start(directory, command, this::leads);
    }

    private int https() {
        return more.stream().anyMatch(text -> text.contains("cert_file")) ? httpsPort : -1;
    }

    /** Whether services can be registered and seen. */
    private boolean leads() {
        try {
            return call("GET", "/v1/status/leader", "").length() > 4
                    && call("GET", "/v1/catalog/nodes", "").contains("node-1");
        } catch (UncheckedIOException e) {
            return false;
        }
    }
}
