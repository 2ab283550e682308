package io.ambassador.faults;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.PgClient;
import io.ambassador.testkit.RedisServer;
import io.ambassador.testkit.RefusingServer;
import io.ambassador.testkit.ScriptedServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Ends connections of one sidecar in every way that can be brought about from outside, each on a service of its own, and
 * asks what the access log, the API and the metrics say of it: they must agree.
 */
class TerminationCodesIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    private static Path directory;

    private static final List<AutoCloseable> SERVERS = new ArrayList<>();
    private static SidecarProcess sidecar;
    private static RedisServer redis;
    private static RedisServer rotating;
    private static RedisServer demoted;
    private static SickServer sick;
    private static Path removed;
    private static Path rotatingPassword;

    @BeforeAll
    static void start() throws Exception {
        RefusingServer refusing = keep(RefusingServer.start());
        ScriptedServer echo = keep(ScriptedServer.start(connection -> {
            connection.in().transferTo(connection.out());
            connection.socket().shutdownOutput();
        }));
        ScriptedServer silent = keep(ScriptedServer.start(ScriptedServer.Connection::awaitClose));
        ScriptedServer resetting = keep(ScriptedServer.start(connection -> {
            connection.in().read();
            connection.reset();
        }));
        ScriptedServer loading = keep(ScriptedServer.start(connection -> {
            connection.in().read();
            connection.out().write("-LOADING Redis is loading the dataset in memory\r\n".getBytes(UTF_8));
            connection.awaitClose();
        }));
        redis = keep(RedisServer.withPassword("right"));
        rotating = keep(RedisServer.withPassword("before"));
        demoted = keep(RedisServer.withPassword("right"));
        sick = keep(SickServer.start(1));
        ServerSocket full = keep(fullBacklog());
        Certificates.Issued certificate = Certificates.in(directory).server("127.0.0.1");
        Path wrong = secret("wrong", "wrong");
        Path right = secret("right", "right");
        rotatingPassword = secret("rotating", "before");
        removed = Files.writeString(directory.resolve("removed.json"), endpoints(echo.port()));
        Path nobody = Files.writeString(directory.resolve("nobody.json"), "[]");
        Path elsewhere = Files.writeString(directory.resolve("elsewhere.json"), "[\"192.0.2.1:6379\"]");
        String quick = ", limits { connect-attempts = 1, connect-timeout = 500ms, login-timeout = 500ms }";

        Map<String, String> services = new LinkedHashMap<>();
        services.put("completed", at(echo.port()));
        services.put("refused", at(refusing.port()) + quick);
        services.put("timeout", at(full.getLocalPort()) + quick);
        services.put("unreachable", "discovery = \"static://255.255.255.255:1\"" + quick);
        services.put("untrusted", at(echo.port()) + quick + ", tls { server-name = a.example }");
        services.put("tls-timeout", at(silent.port()) + quick + ", tls { server-name = a.example }");
        services.put("auth-failed", redis(redis.port(), wrong) + quick);
        services.put("login-timeout", redis(silent.port(), right) + quick);
        services.put("loading", redis(loading.port(), right) + quick);
        services.put("no-secret", redis(redis.port(), directory.resolve("absent")) + quick);
        services.put(
                "unsafe",
                "discovery = \"file://" + elsewhere + "\", protocol = redis, credentials { password = { file = \""
                        + right + "\" } }" + quick);
        services.put("gone", redis(silent.port(), right) + ", limits.login-timeout = 60s");
        services.put("nobody", "discovery = \"file://" + nobody + "\"" + quick);
        services.put("limit", at(echo.port()) + ", limits.max-connections = 1");
        services.put("not-allowed", at(echo.port()) + ", allow.sources = [\"10.0.0.0/8\"]");
        services.put("proxy", at(echo.port()) + ", proxy-protocol.accept-from = [\"127.0.0.0/8\"]");
        services.put("reset", at(resetting.port()));
        services.put("idle", at(echo.port()) + ", limits.idle-timeout = 300ms");
        services.put("removed", "discovery = \"file://" + removed + "\", on-change.removed = close");
        services.put("rotated", redis(rotating.port(), rotatingPassword) + ", credentials.on-rotation = drain(1s)");
        services.put("violation", redis(redis.port(), right));
        services.put(
                "client-tls",
                at(echo.port()) + ", limits.greeting-timeout = 1s, client-tls { certificate = \""
                        + certificate.certificate() + "\", key = \"" + certificate.key() + "\" }");
        services.put(
                "stranger",
                "protocol = postgresql, " + at(refusing.port())
                        + ", limits.greeting-timeout = 1s, credentials { username"
                        + " = app, password = { file = \"" + right
                        + "\" } }, client-credentials { username = app, password = { file = \"" + right + "\" } }");
        // Probes are off but where they are what ends a connection.
        services.replaceAll((name, settings) -> settings + ", health.probe = off");
        services.put(
                "demoted",
                redis(demoted.port(), right) + ", role = primary, on-change.unhealthy = keep, health.interval = 200ms");
        services.put(
                "unhealthy",
                at(sick.port())
                        + ", health { probe = http, http { path = \"/\" }, interval = 200ms, unhealthy-after = 1 }");
        sidecar = SidecarProcess.start(List.of(), services);
    }

    @AfterAll
    static void stop() throws Exception {
        if (sidecar != null) {
            sidecar.close();
        }
        for (AutoCloseable server : SERVERS) {
            server.close();
        }
    }

    @Test
    void completed() throws Exception {
        try (Socket client = connect("completed")) {
            client.getOutputStream().write("all of it".getBytes(UTF_8));
            client.shutdownOutput();
            assertEquals("all of it", new String(client.getInputStream().readAllBytes(), UTF_8));
        }
        String told = agree("completed", "---", "completed");
        assertTrue(told.contains("\"bytesToBackend\":9,\"bytesToClient\":9"), told);
    }

    @Test
    void theBackendWasNotReached() throws Exception {
        end("refused");
        agree("refused", "BCr", "connect-refused");
        end("timeout");
        agree("timeout", "BCt", "connect-timeout");
        end("unreachable");
        agree("unreachable", "BCx", "connect-failed");
        end("nobody");
        agree("nobody", "APe", "no-endpoint");
    }

    @Test
    void theBackendWasNotTrusted() throws Exception {
        end("untrusted");
        agree("untrusted", "BTx", "tls-failed");
        end("tls-timeout");
        agree("tls-timeout", "BTt", "tls-timeout");
    }

    /** The client is told the number that stands in the log and the API. */
    @Test
    void theLoginFailed() throws Exception {
        toldWhy("auth-failed", "BLr", "login-refused");
        toldWhy("login-timeout", "BLt", "login-timeout");
        toldWhy("loading", "BLx", "login-failed");
        toldWhy("no-secret", "APc", "secret-unavailable");
        toldWhy("unsafe", "ALu", "login-unsafe");
    }

    @Test
    void theClientWasNotLetIn() throws Exception {
        end("not-allowed");
        agree("not-allowed", "AAn", "not-allowed");
        try (Socket inside = connect("limit")) {
            inside.getOutputStream().write(1);
            assertEquals(1, inside.getInputStream().read());
            end("limit");
            String told = agree("limit", "AAl", "limit");
            assertTrue(told.contains("limits.max-connections is reached"), told);
        }
        try (Socket client = connect("proxy")) {
            client.getOutputStream().write("HELLO\r\n\r\n".getBytes(UTF_8));
            assertTrue(ends(client));
        }
        agree("proxy", "CAh", "proxy-header-failed");
    }

    @Test
    void theClientsOpeningFailed() throws Exception {
        try (Socket client = connect("client-tls")) {
            client.getOutputStream().write("HELLO\r\n\r\n".getBytes(UTF_8));
            assertTrue(ends(client));
        }
        agree("client-tls", "CGc", "client-tls-failed");
        end("client-tls");
        agree("client-tls", "CGt", "greeting-timeout");
        try (Socket client = connect("stranger")) {
            client.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(UTF_8));
            assertTrue(ends(client));
        }
        agree("stranger", "CGx", "greeting-failed");
        try (PgClient client = PgClient.connect(sidecar.address("stranger"))) {
            client.send(PgClient.startup("user", "app", "database", "app"));
            assertEquals('R', client.read().type());
            client.send(PgClient.typed('p', "not it\0".getBytes(UTF_8)));
            assertEquals('E', client.read().type());
        }
        agree("stranger", "AGr", "client-refused");
    }

    @Test
    void theClientWentAway() throws Exception {
        try (Socket client = connect("gone")) {
            awaitActive("gone");
            client.setSoLinger(true, 0);
        }
        agree("gone", "CLg", "client-gone");
        connect("proxy").close();
        agree("proxy", "CAg", "client-gone");
    }

    @Test
    void aSideBroke() throws Exception {
        try (Socket client = connect("completed")) {
            client.getOutputStream().write(1);
            assertEquals(1, client.getInputStream().read());
            client.setSoLinger(true, 0);
        }
        agree("completed", "CRa", "client-reset");
        try (Socket client = connect("reset")) {
            client.getOutputStream().write(1);
            assertTrue(ends(client));
        }
        agree("reset", "BRa", "backend-reset");
        try (Socket client = connect("violation")) {
            client.getOutputStream().write("POST / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(UTF_8));
            assertTrue(ends(client));
        }
        String told = agree("violation", "CRx", "client-violation");
        assertTrue(told.contains("it speaks HTTP"), told);
    }

    @Test
    void nothingPassed() throws Exception {
        end("idle");
        agree("idle", "ARi", "idle");
    }

    @Test
    void theEndpointWasRemoved() throws Exception {
        try (Socket client = connect("removed")) {
            client.getOutputStream().write(1);
            assertEquals(1, client.getInputStream().read());
            Path next = Files.writeString(directory.resolve("removed.new"), endpoints(1));
            Files.move(next, removed, StandardCopyOption.ATOMIC_MOVE);
            assertTrue(ends(client));
        }
        agree("removed", "ARr", "removed");
    }

    @Test
    void theEndpointWasDemoted() throws Exception {
        try (Socket client = connect("demoted")) {
            client.getOutputStream().write("PING\r\n".getBytes(UTF_8));
            assertEquals('+', client.getInputStream().read());
            demoted.command("CONFIG", "SET", "masterauth", "right");
            demoted.command("REPLICAOF", "127.0.0.1", Integer.toString(redis.port()));
            assertTrue(ends(client));
        }
        agree("demoted", "ARd", "demoted");
    }

    @Test
    void theEndpointBecameUnhealthy() throws Exception {
        try (Socket client = connect("unhealthy")) {
            assertEquals(0, client.getInputStream().read());
            sick.sick(true);
            assertTrue(ends(client));
        }
        agree("unhealthy", "ARu", "unhealthy");
    }

    @Test
    void thePasswordWasRotated() throws Exception {
        try (Socket client = connect("rotated")) {
            client.getOutputStream().write("PING\r\n".getBytes(UTF_8));
            assertEquals('+', client.getInputStream().read());
            rotating.command("CONFIG", "SET", "requirepass", "after");
            Path next = secret("rotating.new", "after");
            Files.move(next, rotatingPassword, StandardCopyOption.ATOMIC_MOVE);
            await().atMost(PATIENCE).ignoreExceptions().until(() -> {
                try (Socket newer = connect("rotated")) {
                    newer.getOutputStream().write("PING\r\n".getBytes(UTF_8));
                    return newer.getInputStream().read() == '+'
                            && sidecar.get("/api/services/rotated").contains("\"version\":2");
                }
            });
            assertTrue(ends(client));
        }
        await().atMost(PATIENCE).until(() -> recent("rotated", 20).contains("\"reason\":\"rotated\""));
        await().atMost(PATIENCE)
                .until(() -> sidecar.log().stream()
                        .anyMatch(line -> line.contains(" access rotated ") && line.endsWith("code=ARo")));
        assertTrue(closed("rotated", "rotated") >= 1);
    }

    /** What is cut when its time is over; the log is JSON here. */
    @Test
    void shutDown() throws Exception {
        try (ScriptedServer silent = ScriptedServer.start(ScriptedServer.Connection::awaitClose);
                ScriptedServer login = ScriptedServer.start(ScriptedServer.Connection::awaitClose);
                SidecarProcess stopped = SidecarProcess.start(
                        List.of(),
                        Map.of(
                                "relay",
                                at(silent.port()) + ", health.probe = off, on-change.drain-timeout = 500ms",
                                "login",
                                redis(login.port(), secret("other", "right"))
                                        + ", health.probe = off, on-change.drain-timeout = 500ms,"
                                        + " limits.login-timeout = 60s"),
                        "--log-format",
                        "json")) {
            try (Socket relayed = new Socket(
                            InetAddress.getLoopbackAddress(),
                            stopped.address("relay").getPort());
                    Socket waiting = new Socket(
                            InetAddress.getLoopbackAddress(),
                            stopped.address("login").getPort())) {
                await().atMost(PATIENCE).until(() -> silent.open() == 1 && login.open() == 1);
                ProcessHandle.of(stopped.pid()).orElseThrow().destroy();
                assertTrue(ends(relayed));
                assertTrue(ends(waiting));
            }
            await().atMost(PATIENCE).untilAsserted(() -> {
                assertEquals(1, count(stopped, "relay", "ARs"), "in the relay");
                assertEquals(1, count(stopped, "login", "ALs"), "in the login");
            });
        }
    }

    private static long count(SidecarProcess process, String service, String code) {
        return process.log().stream()
                .filter(line -> line.startsWith("{") && line.contains("\"logger\":\"access\",\"message\":\"shutdown\""))
                .filter(line ->
                        line.contains("\"service\":\"" + service + "\"") && line.contains("\"code\":\"" + code + "\""))
                .count();
    }

    /** The newest record, once its end is known and everybody tells the same of it. */
    private static String agree(String service, String code, String reason) {
        String[] found = new String[1];
        await().atMost(PATIENCE).untilAsserted(() -> {
            String told = recent(service, 1);
            assertTrue(told.contains("\"code\":\"" + code + "\""), told);
            assertTrue(told.contains("\"reason\":\"" + reason + "\""), told);
            Matcher id = Pattern.compile("\"id\":\"([0-9a-f]{8})\"").matcher(told);
            assertTrue(id.find(), told);
            List<String> lines = sidecar.log().stream()
                    .filter(line -> line.contains(" access ") && line.contains(" id=" + id.group(1) + " "))
                    .toList();
            assertEquals(1, lines.size(), "lines with " + id.group(1));
            assertTrue(lines.get(0).contains(" access " + reason + " "), lines.get(0));
            assertTrue(lines.get(0).contains(" service=" + service + " "), lines.get(0));
            assertTrue((lines.get(0) + " ").contains(" code=" + code + " "), lines.get(0));
            String all = recent(service, 1_000);
            assertEquals(
                    all.split("\"reason\":\"" + reason + "\"", -1).length - 1,
                    closed(service, reason),
                    () -> "counted, of " + all);
            found[0] = told;
        });
        return found[0];
    }

    private static void toldWhy(String service, String code, String reason) throws IOException {
        String told;
        try (Socket client = connect(service)) {
            client.getOutputStream().write("PING\r\n".getBytes(UTF_8));
            told = new String(client.getInputStream().readAllBytes(), UTF_8);
        }
        Matcher id = Pattern.compile("-ERR ambassador: .* \\(id ([0-9a-f]{8})\\)\r\n")
                .matcher(told);
        assertTrue(id.matches(), told);
        String record = agree(service, code, reason);
        assertTrue(record.contains("\"id\":\"" + id.group(1) + "\""), record);
    }

    private static String recent(String service, int limit) throws IOException {
        return sidecar.get("/api/connections/recent?service=" + service + "&limit=" + limit);
    }

    private static double closed(String service, String reason) throws IOException {
        return sidecar.get("/metrics")
                .lines()
                .filter(line -> line.startsWith("ambassador_connections_closed_total{"))
                .filter(line ->
                        line.contains("service=\"" + service + "\"") && line.contains("reason=\"" + reason + "\""))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    private static void awaitActive(String service) {
        await().atMost(PATIENCE)
                .until(() -> sidecar.get("/api/services/" + service).contains("\"activeConnections\":1"));
    }

    private static void end(String service) throws IOException {
        try (Socket client = connect(service)) {
            assertTrue(ends(client));
        }
    }

    private static Socket connect(String service) throws IOException {
        InetSocketAddress address = sidecar.address(service);
        Socket socket = new Socket(address.getAddress(), address.getPort());
        socket.setSoTimeout((int) PATIENCE.toMillis());
        return socket;
    }

    private static boolean ends(Socket client) throws IOException {
        try {
            while (client.getInputStream().read() >= 0) {
                // last words
            }
        } catch (SocketTimeoutException e) {
            return false;
        } catch (SocketException reset) {
            return true;
        }
        return true;
    }

    private static String at(int port) {
        return "discovery = \"static://127.0.0.1:" + port + "\"";
    }

    private static String redis(int port, Path password) {
        return at(port) + ", protocol = redis, credentials { password = { file = \"" + password + "\" } }";
    }

    private static String endpoints(int port) {
        return "[\"127.0.0.1:" + port + "\"]";
    }

    private static Path secret(String name, String content) throws IOException {
        Path file = directory.resolve(name);
        Files.deleteIfExists(file);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        return Files.writeString(file, content);
    }

    /** A listener that nobody accepts at and that has no room for another: what comes is not answered. */
    private static ServerSocket fullBacklog() throws IOException {
        ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        for (int i = 0; i < 4; i++) {
            Socket waiting = keep(new Socket());
            try {
                waiting.connect(listener.getLocalSocketAddress(), 300);
            } catch (SocketTimeoutException e) {
                break;
            }
        }
        return listener;
    }

    private static <C extends AutoCloseable> C keep(C server) {
        SERVERS.add(server);
        return server;
    }
}
