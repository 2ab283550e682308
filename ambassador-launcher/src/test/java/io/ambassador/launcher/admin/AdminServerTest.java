package io.ambassador.launcher.admin;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.ChangePlan;
import io.ambassador.launcher.logging.Logging;
import io.ambassador.service.ListenAddress;
import io.ambassador.service.ServiceStatus;
import io.ambassador.service.ServiceStatus.CredentialState;
import io.ambassador.service.ServiceStatus.CredentialStatus;
import io.ambassador.service.ServiceStatus.EndpointStatus;
import io.ambassador.service.ServiceStatus.Health;
import io.ambassador.service.ServiceStatus.LocalityStatus;
import io.ambassador.service.ServiceStatus.SourceStatus;
import io.ambassador.spi.AmbassadorException;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.ServerRole;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdminServerTest {
    private static final ListenAddress.Tcp LOOPBACK = new ListenAddress.Tcp("127.0.0.1", 0);

    private final Sidecar sidecar = new Sidecar();
    private final Metrics metrics = new Metrics();
    private final HttpClient client = HttpClient.newHttpClient();
    private AdminServer server;

    @BeforeEach
    void start() throws Exception {
        server = AdminServer.start(
                AdminSpec.local(LOOPBACK, true), sidecar, metrics, Duration.ofSeconds(10), Duration.ofSeconds(15));
    }

    @AfterEach
    void stop() {
        server.close();
        metrics.close();
    }

    private InetSocketAddress tcp() {
        return (InetSocketAddress) server.address().socketAddress();
    }

    private HttpResponse<String> ask(String method, String path, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + tcp().getPort() + path))
                .method(method, HttpRequest.BodyPublishers.noBody());
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    /** What comes back for {@code bytes}, until the server closes. */
    private String raw(String bytes) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(tcp());
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/livez", "/healthz", "/live", "/liveness", "/livez?verbose"})
    void isAliveWhateverTheBackendsDo(String path) throws Exception {
        sidecar.ready = false;

        assertEquals(200, ask("GET", path).statusCode());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/readyz", "/ready", "/readiness", "/startup"})
    void isReadyOnceDiscoveryHasAnswered(String path) throws Exception {
        sidecar.ready = false;
        HttpResponse<String> waiting = ask("GET", path);
        assertEquals(503, waiting.statusCode());
        assertEquals("waiting for discovery of redis\n", waiting.body());

        sidecar.ready = true;
        assertEquals(200, ask("GET", path).statusCode());

        sidecar.draining = true;
        assertEquals(503, ask("GET", path).statusCode());
    }

    @Test
    void whatIsConfiguredIsToldWithItsOrigin() throws Exception {
        HttpResponse<String> answer = ask("GET", "/api/config");

        assertEquals(200, answer.statusCode());
        assertEquals(
                "{\"generation\":3,\"values\":[{\"key\":\"event-loops\",\"value\":\"2\",\"origin\":\"a.conf: 4\"},"
                        + "{\"key\":\"services.a.listen\",\"value\":\"\\\"127.0.0.1:1\\\"\",\"origin\":\"default\"}]}",
                answer.body());
    }

    @Test
    void servicesAreJson() throws Exception {
        HttpResponse<String> all = ask("GET", "/api/services");

        assertEquals(200, all.statusCode());
        assertEquals(
                "application/json", all.headers().firstValue("Content-Type").orElseThrow());
        assertEquals("no-store", all.headers().firstValue("Cache-Control").orElseThrow());
        String service = "{\"name\":\"redis\",\"protocol\":\"redis\",\"balancing\":\"round-robin\","
                + "\"listening\":[\"127.0.0.1:6379\",\"[0:0:0:0:0:0:0:1]:6379\"],\"ready\":false,\"panic\":false,\"drained\":true,"
                + "\"activeConnections\":1,\"openedConnections\":2,\"bytesToBackend\":3,\"bytesToClient\":4,"
                + "\"endpoints\":[{\"address\":\"10.0.0.7:6379\",\"health\":\"healthy\",\"role\":\"primary\","
                + "\"weight\":1,\"priority\":0,\"activeConnections\":1,\"openedConnections\":2,\"failures\":0,"
                + "\"latencyMillis\":1.5,\"heldSeconds\":2.5,\"lastError\":\"\\u003C\\\"\\n\",\"zone\":\"a\",\"tags\":[\"blue\"],\"metadata\":{\"rack\":\"7\"}}],"
                + "\"sources\":[{\"name\":\"srv\",\"state\":\"known\",\"selected\":true,\"weight\":3,\"endpoints\":1,\"leftOut\":2,"
                + "\"ageSeconds\":1.25,\"changedSeconds\":7.0,\"failedSeconds\":9.0,\"stale\":false,\"lastError\":null}],"
                + "\"locality\":{\"zone\":\"a\",\"share\":0.667},"
                + "\"credentials\":{\"username\":\"app\",\"source\":\"file /run/secrets/redis\",\"nextSource\":null,\"version\":2,"
                + "\"versionInUse\":1,"
                + "\"ageSeconds\":60.0,\"state\":\"awaiting-rotation\",\"refusedSeconds\":1.5,"
                + "\"retryInSeconds\":4.0,\"waitingClients\":3,\"previousKept\":true,\"lastError\":null}}";
        service = service.replace("\\u003C", "<");
        assertEquals("{\"ready\":true,\"draining\":false,\"services\":[" + service + "]}", all.body());
        assertEquals(service, ask("GET", "/api/services/redis").body());
        assertEquals(404, ask("GET", "/api/services/nosuch").statusCode());
        assertEquals(404, ask("GET", "/api/services/").statusCode());
    }

    @Test
    void metricsArePrometheusTextOrOpenMetrics() throws Exception {
        metrics.registry().counter("ambassador.test", "service", "redis").increment();

        HttpResponse<String> text = ask("GET", "/metrics");
        assertTrue(text.headers().firstValue("Content-Type").orElseThrow().startsWith("text/plain; version=0.0.4"));
        assertTrue(text.body().contains("ambassador_test_total{service=\"redis\"} 1.0"), text.body());
        assertTrue(text.body().contains("jvm_memory_used_bytes{"), text.body());
        assertTrue(text.body().contains("netty_allocator_memory_used{"), text.body());

        HttpResponse<String> open = ask("GET", "/metrics", "Accept", "application/openmetrics-text; version=1.0.0");
        assertTrue(open.headers().firstValue("Content-Type").orElseThrow().startsWith("application/openmetrics-text"));
        assertTrue(open.body().endsWith("# EOF\n"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    text/plain                                                         | text/plain
                    */*                                                                | text/plain
                    application/json                                                   | text/plain
                    application/openmetrics-text                                       | application/openmetrics-text
                    Application/OpenMetrics-Text; Version="1.0.0"                      | application/openmetrics-text
                    application/openmetrics-text; q=0                                  | text/plain
                    application/openmetrics-text; q=much                               | text/plain
                    application/openmetrics-text; version=0.0.1                        | text/plain
                    application/openmetrics-text; q=0.4, text/plain; q=0.5             | text/plain
                    application/openmetrics-text; q=0.5, text/plain; q=0.4, */*; q=0.9 | application/openmetrics-text
                    application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1 | application/openmetrics-text
                    ;;, ,                                                              | text/plain
                    """)
    void metricsComeInTheFormatThatIsWantedMost(String accept, String type) throws Exception {
        String got = ask("GET", "/metrics", "Accept", accept)
                .headers()
                .firstValue("Content-Type")
                .orElseThrow();

        assertEquals(type, got.substring(0, got.indexOf(';')));
    }

    @Test
    void theLogLevelIsReadAndSet() throws Exception {
        try {
            assertEquals("info,io.netty=warn\n", ask("GET", "/api/log-level").body());

            HttpResponse<String> set = ask("POST", "/api/log-level?level=warn,service.redis%3Ddebug");
            assertEquals(200, set.statusCode());
            assertEquals("warn,io.netty=warn,service.redis=debug\n", set.body());

            for (String wrong : List.of("", "?level=", "?level=loud")) {
                assertEquals(400, ask("POST", "/api/log-level" + wrong).statusCode(), wrong);
            }
            assertEquals(
                    "warn,io.netty=warn,service.redis=debug\n",
                    ask("GET", "/api/log-level").body());
            HttpResponse<String> refused = ask("PUT", "/api/log-level");
            assertEquals(405, refused.statusCode());
            assertEquals(
                    "GET, HEAD, POST", refused.headers().firstValue("Allow").orElseThrow());
        } finally {
            Logging.setLevels(Logging.DEFAULT_LEVELS);
        }
    }

    @ParameterizedTest
    @CsvSource({"/api/drain, drain", "/quitquitquit, shutdown", "/shutdown, shutdown"})
    void changingIsPostAlone(String path, String call) throws Exception {
        for (String method : List.of("GET", "HEAD", "PUT", "DELETE")) {
            HttpResponse<String> refused = ask(method, path);
            assertEquals(405, refused.statusCode(), method);
            assertEquals("POST", refused.headers().firstValue("Allow").orElseThrow());
        }
        assertEquals(List.of(), sidecar.calls);

        assertEquals(202, ask("POST", path).statusCode());
        assertEquals(List.of(call), sidecar.calls);
    }

    @Test
    void readingIsGetOrHeadAlone() throws Exception {
        HttpResponse<String> refused = ask("POST", "/metrics");
        assertEquals(405, refused.statusCode());
        assertEquals("GET, HEAD", refused.headers().firstValue("Allow").orElseThrow());

        HttpResponse<String> head = ask("HEAD", "/livez");
        assertEquals(200, head.statusCode());
        assertEquals("6", head.headers().firstValue("Content-Length").orElseThrow());
        assertEquals("", head.body());
    }

    @Test
    void tellsWhatAReloadChanged() throws Exception {
        ChangePlan.Difference difference = new ChangePlan.Difference("role", "any", "primary", "new connections");
        sidecar.outcome = ReloadOutcome.accepted(
                8,
                false,
                new ChangePlan(
                        7,
                        List.of(new ChangePlan.ServiceChange("redis", ChangePlan.Kind.CHANGED, List.of(difference))),
                        List.of(new ChangePlan.ListenerChange("127.0.0.1:1", "api", ChangePlan.Kind.ADDED))),
                List.of("event-loops"));

        HttpResponse<String> reply = ask("POST", "/api/reload");

        assertEquals(200, reply.statusCode());
        assertEquals("""
                {"result":"applied","generation":8,"services":[{"service":"redis","change":"changed",\
                "differences":[{"key":"role","from":"any","to":"primary","effect":"new connections"}]}],\
                "listeners":[{"address":"127.0.0.1:1","service":"api","change":"added"}],"restart":["event-loops"]}\
                """, reply.body());
        assertEquals(List.of("reload"), sidecar.calls);
    }

    @Test
    void tellsWhyAReloadIsRejected() throws Exception {
        HttpResponse<String> reply = ask("POST", "/api/reload?dry-run=true");

        assertEquals(422, reply.statusCode());
        assertEquals(
                "{\"result\":\"rejected\",\"generation\":7,\"problems\":[\"services.a: is <wrong>\"]}", reply.body());
        assertEquals(List.of("dry run"), sidecar.calls);
        assertEquals(400, ask("POST", "/api/reload?dry-run=perhaps").statusCode());
        assertEquals(405, ask("GET", "/api/reload").statusCode());
        assertEquals(List.of("dry run"), sidecar.calls);
    }

    @ParameterizedTest
    @CsvSource({
        "/api/services/redis/drain, 200, drain redis",
        "/api/services/redis/undrain, 200, undrain redis",
        "/api/services/nosuch/drain, 404, drain nosuch",
        "/api/services/taken/undrain, 409, undrain taken",
        "/api/services/redis/endpoints/10.0.0.7:6379/drain, 200, drain redis 10.0.0.7:6379",
        "/api/services/redis/endpoints/%5B::1%5D:6379/undrain, 200, undrain redis [::1]:6379",
        "/api/services/nosuch/endpoints/10.0.0.7:6379/drain, 404, drain nosuch 10.0.0.7:6379"
    })
    void drainsAServiceOrAnEndpoint(String path, int status, String call) throws Exception {
        assertEquals(405, ask("GET", path).statusCode());
        assertEquals(List.of(), sidecar.calls);

        assertEquals(status, ask("POST", path).statusCode());

        assertEquals(List.of(call), sidecar.calls);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/nosuch", "/api", "//", "/..", "/livez/"})
    void elsewhereIsNothing(String path) throws Exception {
        assertEquals(404, ask("GET", path).statusCode());
        assertEquals(404, ask("POST", path).statusCode());
    }

    @Test
    void thePageMayRunItsOwnScriptAlone() throws Exception {
        HttpResponse<String> page = ask("GET", "/");

        String policy = page.headers().firstValue("Content-Security-Policy").orElseThrow();
        assertTrue(policy.startsWith("default-src 'none'; connect-src 'self';"), policy);
        assertTrue(policy.matches(".*script-src 'sha256-[A-Za-z0-9+/=]{44}'; style-src 'sha256-[A-Za-z0-9+/=]{44}'"));
        assertTrue(page.body().contains("<title>Ambassador</title>"));
        assertTrue(!page.body().contains("http://") && !page.body().contains("https://"), "no outside resource");
        assertTrue(!page.body().contains("innerHTML"), "peers' text is never markup");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Host: evil.example",
                "Host: evil.example:9901",
                "Host: 127.0.0.1.evil.example",
                "Host: localhost.evil.example",
                "Host: 10.0.0.1",
                "Host: 169.254.169.254",
                "Host: localhost:evil",
                "Host: localhost\r\nHost: evil.example",
                "Host:",
                "X-No: host",
                "Host: localhost\r\nOrigin: http://evil.example",
                "Host: localhost\r\nOrigin: null",
                "Host: localhost\r\nOrigin: https://localhost",
                "Host: localhost\r\nOrigin: http://localhost:8080",
                "Host: localhost\r\nSec-Fetch-Site: cross-site",
                "Host: localhost\r\nSec-Fetch-Site: same-site",
            })
    void otherSitesCannotUseABrowserAgainstIt(String headers) throws Exception {
        String answer = raw("POST /shutdown HTTP/1.1\r\n" + headers + "\r\n\r\n");

        assertTrue(answer.startsWith("HTTP/1.1 403 "), answer);
        assertEquals(List.of(), sidecar.calls);
        assertTrue(raw("GET /api/services HTTP/1.1\r\n" + headers + "\r\n\r\n").startsWith("HTTP/1.1 403 "));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Host: localhost",
                "Host: LOCALHOST:9901",
                "Host: 127.0.0.1:80",
                "Host: 127.8.8.8",
                "Host: [::1]:9901",
                "Host: [::1]",
                "Host: localhost:9901\r\nOrigin: http://localhost:9901\r\nSec-Fetch-Site: same-origin",
                "Host: localhost:9901\r\nSec-Fetch-Site: none",
            })
    void thisMachineMay(String headers) throws Exception {
        String answer = raw("GET /livez HTTP/1.1\r\n" + headers + "\r\n\r\n");

        assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
    }

    @Test
    void whatIsTooLongIsRefused() throws Exception {
        String host = "Host: localhost\r\n";

        assertTrue(raw("GET /" + "a".repeat(5_000) + " HTTP/1.1\r\n" + host + "\r\n")
                .startsWith("HTTP/1.1 414 "));
        assertTrue(raw("GET /livez HTTP/1.1\r\n" + host + "X: " + "a".repeat(9_000) + "\r\n\r\n")
                .startsWith("HTTP/1.1 431 "));
        assertTrue(raw("POST /api/drain HTTP/1.1\r\n" + host + "Connection: close\r\nContent-Length: 9000\r\n\r\n")
                .startsWith("HTTP/1.1 413 "));
        assertTrue(raw("nonsense\r\n\r\n").startsWith("HTTP/1.1 400 "));
        assertTrue(raw("GET /%zz HTTP/1.1\r\n" + host + "\r\n").startsWith("HTTP/1.1 400 "));
        assertEquals(List.of(), sidecar.calls);
    }

    @Test
    void oneRequestAConnection() throws Exception {
        String answer = raw("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(3));

        assertEquals(1, answer.split("HTTP/1.1 200", -1).length - 1, answer);
        assertTrue(answer.toLowerCase(java.util.Locale.ROOT).contains("connection: close"), answer);
    }

    @Test
    void aRequestThatDoesNotEndIsNotWaitedFor() throws Exception {
        try (AdminServer hasty = AdminServer.start(
                        AdminSpec.local(LOOPBACK, true),
                        sidecar,
                        metrics,
                        Duration.ofMillis(200),
                        Duration.ofSeconds(15));
                Socket socket = new Socket()) {
            socket.connect(hasty.address().socketAddress());
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write("GET /livez HTTP/1.1\r\nHost:".getBytes(StandardCharsets.US_ASCII));

            assertEquals(-1, socket.getInputStream().read());
        }
    }

    @Test
    void connectionsAreBounded() throws Exception {
        List<Socket> idle = new ArrayList<>();
        try {
            for (int i = 0; i < 64; i++) {
                Socket socket = new Socket();
                socket.connect(tcp());
                idle.add(socket);
            }
            await().untilAsserted(() -> assertThrows(IOException.class, () -> ask("GET", "/livez")));

            idle.remove(0).close();

            await().ignoreException(IOException.class)
                    .untilAsserted(() -> assertEquals(200, ask("GET", "/livez").statusCode()));
        } finally {
            for (Socket socket : idle) {
                socket.close();
            }
        }
    }

    @Test
    void anAddressThatIsTakenIsNamedAndNothingIsLeft() {
        ListenAddress.Tcp taken = new ListenAddress.Tcp("127.0.0.1", tcp().getPort());

        AmbassadorException refused = assertThrows(
                AmbassadorException.class, () -> AdminServer.start(AdminSpec.local(taken, true), sidecar, metrics));

        assertTrue(
                refused.getMessage().startsWith("admin.listen: cannot listen on " + taken + ": "), refused::toString);
        assertTrue(refused.getMessage().contains("already in use"), refused::toString);
        await().untilAsserted(() -> assertEquals(
                1,
                Thread.getAllStackTraces().keySet().stream()
                        .filter(thread -> thread.getName().startsWith("ambassador-admin"))
                        .count()));
    }

    @Test
    void aFailureIsNotShown() throws Exception {
        sidecar.broken = true;

        HttpResponse<String> failed = ask("GET", "/api/services");

        assertEquals(500, failed.statusCode());
        assertEquals("That failed; the log says why.\n", failed.body());
    }

    private static final class Sidecar extends Uneventful {
        private final List<String> calls = new ArrayList<>();
        private volatile boolean ready = true;
        private volatile boolean draining;
        private volatile boolean broken;
        private volatile ReloadOutcome outcome = ReloadOutcome.rejected(7, List.of("services.a: is <wrong>"));

        @Override
        public CompletableFuture<ReloadOutcome> reload(boolean dryRun) {
            calls.add(dryRun ? "dry run" : "reload");
            return CompletableFuture.supplyAsync(() -> outcome);
        }

        @Override
        public List<ServiceStatus> services() {
            if (broken) {
                throw new IllegalStateException("secret detail");
            }
            return List.of(new ServiceStatus(
                    "redis",
                    "redis",
                    "round-robin",
                    List.of(new InetSocketAddress("127.0.0.1", 6379), new InetSocketAddress("::1", 6379)),
                    false,
                    false,
                    true,
                    1,
                    2,
                    3,
                    4,
                    List.of(new EndpointStatus(
                            new Endpoint("10.0.0.7", 6379, 1, 0, "a", Set.of("blue"), Map.of("rack", "7")),
                            Health.HEALTHY,
                            ServerRole.PRIMARY,
                            1,
                            1,
                            2,
                            0,
                            Duration.ofNanos(1_500_000),
                            Duration.ofMillis(2_500),
                            "<\"\n")),
                    List.of(new SourceStatus(
                            "srv",
                            "known",
                            true,
                            3,
                            1,
                            2,
                            Duration.ofMillis(1_250),
                            Duration.ofSeconds(7),
                            Duration.ofSeconds(9),
                            false,
                            null)),
                    new LocalityStatus("a", 2 / 3.0),
                    new CredentialStatus(
                            "app",
                            "file /run/secrets/redis",
                            null,
                            2,
                            1,
                            Duration.ofMinutes(1),
                            CredentialState.AWAITING_ROTATION,
                            Duration.ofMillis(1_500),
                            Duration.ofSeconds(4),
                            3,
                            true,
                            null)));
        }

        @Override
        public boolean isReady() {
            return ready;
        }

        @Override
        public boolean isDraining() {
            return draining;
        }

        @Override
        public CompletableFuture<Void> drainService(String service, boolean undo) {
            calls.add((undo ? "undrain " : "drain ") + service);
            return switch (service) {
                case "nosuch" -> CompletableFuture.failedFuture(new IllegalArgumentException("no such service"));
                case "taken" -> CompletableFuture.failedFuture(new AmbassadorException("cannot listen"));
                default -> CompletableFuture.completedFuture(null);
            };
        }

        @Override
        public void drainEndpoint(String service, String endpoint, boolean undo) {
            calls.add((undo ? "undrain " : "drain ") + service + " " + endpoint);
            if (service.equals("nosuch")) {
                throw new IllegalArgumentException("no such service");
            }
        }

        @Override
        public void drain() {
            calls.add("drain");
        }

        @Override
        public void shutdown() {
            calls.add("shutdown");
        }
    }
}
