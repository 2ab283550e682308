package io.ambassador.launcher.admin;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.launcher.admin.AdminSpec.TokenFor;
import io.ambassador.service.Catalog;
import io.ambassador.service.ListenAddress;
import io.ambassador.service.ServiceStatus;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Settings;
import io.ambassador.spi.secret.SecretSourceProvider;
import java.io.IOException;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may ask what: token, names, and users of a unix socket. */
class AdminAccessTest {
    private static final ListenAddress LOOPBACK = new ListenAddress.Tcp("127.0.0.1", 0);
    private static final String TOKEN = "canary-3f1c9b7d";

    @TempDir
    private Path folder;

    private final Told told = new Told();
    private final Metrics metrics = new Metrics();
    private final List<AdminServer> servers = new ArrayList<>();
    private Path file;

    @BeforeEach
    void writeToken() throws IOException {
        file = folder.resolve("token");
        write(TOKEN + "\n");
    }

    @AfterEach
    void stop() {
        servers.forEach(AdminServer::close);
        metrics.close();
    }

    private void write(String text) throws IOException {
        Path fresh = folder.resolve("fresh");
        Files.deleteIfExists(fresh);
        Files.createFile(fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(fresh, text);
        Files.move(fresh, file, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
    }

    private Configured<SecretSourceProvider<?>> token() throws Exception {
        SecretSourceProvider<?> provider = Catalog.load().secrets().get("file");
        return Configured.parse(
                provider, Settings.of("admin.token", Map.of("path", file.toString(), "refresh", "100ms")));
    }

    private AdminServer start(AdminSpec spec) throws Exception {
        AdminServer server = AdminServer.start(spec, told, metrics);
        servers.add(server);
        return server;
    }

    private AdminServer withToken(TokenFor what) throws Exception {
        AdminServer server = start(new AdminSpec(LOOPBACK, true, token(), what, Set.of(), Set.of()));
        await().until(() -> !ask(server, "POST", "/nosuch").startsWith("HTTP/1.1 503")); // read by now
        return server;
    }

    private static String ask(AdminServer server, String method, String path, String... headers) throws IOException {
        StringBuilder request = new StringBuilder(method + " " + path + " HTTP/1.1\r\n");
        boolean host = List.of(headers).stream().anyMatch(header -> header.startsWith("Host:"));
        request.append(host ? "" : "Host: localhost\r\n");
        List.of(headers).forEach(header -> request.append(header).append("\r\n"));
        byte[] bytes = request.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
        if (server.address() instanceof ListenAddress.Unix unix) {
            try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(unix.path()))) {
                channel.write(ByteBuffer.wrap(bytes));
                return new String(
                        java.nio.channels.Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
            }
        }
        try (Socket socket = new Socket()) {
            socket.connect(server.address().socketAddress());
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(bytes);
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static int status(AdminServer server, String method, String path, String... headers) throws IOException {
        return Integer.parseInt(ask(server, method, path, headers).substring(9, 12));
    }

    @Test
    void changingNeedsTheTokenAndReadingDoesNot() throws Exception {
        AdminServer server = withToken(TokenFor.MUTATIONS);

        for (String path : List.of("/api/drain", "/quitquitquit", "/shutdown", "/nosuch", "/api/services")) {
            String refused = ask(server, "POST", path);
            assertTrue(refused.startsWith("HTTP/1.1 401 "), refused);
            assertTrue(refused.toLowerCase().contains("www-authenticate: bearer realm=\"ambassador\""), refused);
        }
        assertEquals(List.of(), told.calls);
        for (String path : List.of("/", "/livez", "/readyz", "/metrics", "/api/services")) {
            assertEquals(200, status(server, "GET", path), path);
        }

        assertEquals(202, status(server, "POST", "/api/drain", "Authorization: Bearer " + TOKEN));
        assertEquals(202, status(server, "POST", "/shutdown", "authorization: bearer  " + TOKEN));
        assertEquals(List.of("drain", "shutdown"), told.calls);
    }

    @Test
    void readingNeedsItWhereEverythingDoesButForProbesAndThePage() throws Exception {
        AdminServer server = withToken(TokenFor.EVERYTHING);

        for (String path : List.of("/metrics", "/api/services", "/api/services/a", "/nosuch", "/%6divez", "//")) {
            assertEquals(401, status(server, "GET", path), path);
            assertEquals(401, status(server, "HEAD", path), path);
        }
        for (String path : List.of(
                "/", "/livez", "/healthz", "/live", "/liveness", "/readyz", "/ready", "/readiness", "/startup?x=1")) {
            assertEquals(200, status(server, "GET", path), path);
        }
        assertEquals(200, status(server, "GET", "/api/services", "Authorization: Bearer " + TOKEN));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Authorization: Bearer",
                "Authorization: Bearer ",
                "Authorization: Bearer canary-3f1c9b7",
                "Authorization: Bearer canary-3f1c9b7dd",
                "Authorization: Bearer CANARY-3F1C9B7D",
                "Authorization: canary-3f1c9b7d",
                "Authorization: Basic canary-3f1c9b7d",
                "Authorization: Bearer ***",
                "X-Token: canary-3f1c9b7d"
            })
    void nothingElseIsTheToken(String header) throws Exception {
        assertEquals(401, status(withToken(TokenFor.MUTATIONS), "POST", "/shutdown", header));
        assertEquals(List.of(), told.calls);
    }

    @Test
    void aTokenThatChangesIsFollowedAndOneThatGoesKeepsTheLast() throws Exception {
        AdminServer server = withToken(TokenFor.MUTATIONS);
        write("another");

        await().until(() -> status(server, "POST", "/api/drain", "Authorization: Bearer another") == 202);
        assertEquals(401, status(server, "POST", "/api/drain", "Authorization: Bearer " + TOKEN));

        Files.delete(file);
        await().during(java.time.Duration.ofMillis(300)) // read in vain at least once
                .until(() -> status(server, "POST", "/api/drain", "Authorization: Bearer another") == 202);
    }

    @Test
    void withoutATokenThatCanBeReadNobodyIsRight() throws Exception {
        Files.delete(file);
        AdminServer server = start(new AdminSpec(LOOPBACK, true, token(), TokenFor.MUTATIONS, Set.of(), Set.of()));

        assertEquals(503, status(server, "POST", "/shutdown", "Authorization: Bearer "));
        assertEquals(503, status(server, "POST", "/shutdown", "Authorization: Bearer " + TOKEN));
        assertEquals(200, status(server, "GET", "/api/services"));
        assertEquals(List.of(), told.calls);

        write(TOKEN);
        await().until(() -> status(server, "POST", "/shutdown", "Authorization: Bearer " + TOKEN) == 202);
    }

    @Test
    void aPageOfAnotherOriginIsRefusedWhateverItShows() throws Exception {
        AdminServer server = withToken(TokenFor.MUTATIONS);

        assertEquals(
                403,
                status(server, "POST", "/shutdown", "Authorization: Bearer " + TOKEN, "Origin: http://evil.example"));
        assertEquals(403, status(server, "POST", "/shutdown", "Authorization: Bearer " + TOKEN, "Host: evil.example"));
        assertEquals(List.of(), told.calls);
    }

    @ParameterizedTest
    @CsvSource({
        "Host: sidecar.example:9901, 200",
        "Host: SIDECAR.example, 200",
        "Host: other.example, 403",
        "Host: 10.0.0.7:9901, 403",
        "Host: localhost, 200"
    })
    void namesAreListed(String host, int expected) throws Exception {
        AdminServer server =
                start(new AdminSpec(LOOPBACK, true, null, TokenFor.MUTATIONS, Set.of("sidecar.example"), Set.of()));

        assertEquals(expected, status(server, "GET", "/livez", host));
    }

    @Test
    void behindAProxyWithTlsItsOwnPageMayAsk() throws Exception {
        AdminServer server =
                start(new AdminSpec(LOOPBACK, true, null, TokenFor.MUTATIONS, Set.of("sidecar.example"), Set.of()));

        assertEquals(200, status(server, "GET", "/livez", "Host: sidecar.example", "Origin: https://sidecar.example"));
        assertEquals(403, status(server, "GET", "/livez", "Host: localhost", "Origin: https://localhost"));
    }

    @ParameterizedTest
    @CsvSource({
        "Host: 10.0.0.7:9901, 200",
        "Host: [fe80::1]:9901, 200",
        "Host: localhost, 200",
        "Host: evil.example, 403",
        "Host: 10.0.0.7.evil.example, 403"
    })
    void beyondLoopbackItsAddressesAreItsNames(String host, int expected) throws Exception {
        ListenAddress everywhere = new ListenAddress.Tcp("0.0.0.0", 0);
        AdminServer server = start(new AdminSpec(everywhere, true, token(), TokenFor.EVERYTHING, Set.of(), Set.of()));

        assertEquals(expected, status(server, "GET", "/livez", host));
    }

    @Test
    void beyondLoopbackATokenIsRequired() {
        assertThrows(IllegalArgumentException.class, () -> AdminSpec.local(new ListenAddress.Tcp("0.0.0.0", 0), true));
    }

    @Test
    void aUnixSocketIsForItsOwnerAndGoesWithTheServer() throws Exception {
        Path socket = folder.resolve("a.sock");
        AdminServer server = start(AdminSpec.local(new ListenAddress.Unix(socket), true));

        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
        assertTrue(ask(server, "GET", "/livez").endsWith("alive\n"));
        assertEquals(202, status(server, "POST", "/api/drain"));
        assertEquals(403, status(server, "POST", "/api/drain", "Host: evil.example"));

        server.close();
        servers.clear();
        assertFalse(Files.exists(socket));
    }

    @Test
    void usersOfASocketMayBeListed() throws Exception {
        long self = (Integer) Files.getAttribute(file, "unix:uid");
        ListenAddress socket = new ListenAddress.Unix(folder.resolve("a.sock"));
        AdminServer mine =
                start(new AdminSpec(socket, true, null, TokenFor.MUTATIONS, Set.of(), Set.of(self, self + 1)));
        assertEquals(200, status(mine, "GET", "/livez"));
        mine.close();
        servers.clear();

        AdminServer others = start(new AdminSpec(socket, true, null, TokenFor.MUTATIONS, Set.of(), Set.of(self + 1)));
        assertEquals("", answerOrNothing(others));
        assertEquals(List.of(), told.calls);
    }

    private static String answerOrNothing(AdminServer server) {
        try {
            return ask(server, "POST", "/shutdown");
        } catch (IOException broken) {
            return "";
        }
    }

    private static final class Told extends Uneventful {
        private final List<String> calls = new ArrayList<>();

        @Override
        public List<ServiceStatus> services() {
            return List.of();
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public boolean isDraining() {
            return false;
        }

        @Override
        public CompletableFuture<ReloadOutcome> reload(boolean dryRun) {
            calls.add("reload");
            return CompletableFuture.completedFuture(ReloadOutcome.rejected(1, List.of()));
        }

        @Override
        public CompletableFuture<Void> drainService(String service, boolean undo) {
            calls.add("drain " + service);
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public void drainEndpoint(String service, String endpoint, boolean undo) {
            calls.add("drain " + service + " " + endpoint);
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
