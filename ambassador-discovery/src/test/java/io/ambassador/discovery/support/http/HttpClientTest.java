package io.ambassador.discovery.support.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.discovery.dns.DnsOptions;
import io.ambassador.discovery.support.TlsOptions;
import io.ambassador.discovery.support.net.RegistryLoop;
import io.ambassador.discovery.support.net.ServerAddress;
import io.ambassador.spi.discovery.DiscoveryException;
import io.ambassador.spi.secret.Secret;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.ControlThread;
import io.ambassador.testkit.LoopbackServer;
import io.ambassador.testkit.Ports;
import io.ambassador.testkit.ScriptedServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HttpClientTest {
    private static final Duration LONG = Duration.ofSeconds(10);
    private static final Duration SHORT = Duration.ofMillis(200);

    private final ControlThread control = new ControlThread();
    private final List<HttpClient> clients = new ArrayList<>();

    @TempDir
    Path folder;

    @AfterEach
    void endEverything() {
        clients.forEach(HttpClient::close);
        control.close();
        await().atMost(LONG)
                .until(() -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().startsWith(RegistryLoop.THREAD_NAME)));
    }

    @Test
    void answersAreWholeHoweverTheyAreFramed() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(connection -> {
            readHead(connection.in());
            say(connection.out(), "HTTP/1.1 200 OK\r\nX-Index: 7\r\nx-index: 8\r\nContent-Length: 5\r\n\r\nhello");
            readHead(connection.in());
            say(
                    connection.out(),
                    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n");
            readHead(connection.in());
            say(connection.out(), "HTTP/1.0 500 No\r\n\r\nuntil the end");
        })) {
            HttpClient client = client(plain(server));

            HttpAnswer first = client.send(HttpRequest.get("/a?b=c").header("X-More", "yes"), LONG)
                    .get();
            HttpAnswer second = client.send(HttpRequest.get("/"), LONG).get();
            HttpAnswer third = client.send(HttpRequest.get("/"), LONG).get();

            assertEquals("hello", first.text());
            assertEquals("7", first.header("X-Index"));
            assertTrue(first.isSuccess());
            assertEquals("404: abcdef", second.summary());
            assertFalse(second.isSuccess());
            assertEquals("500: until the end", third.summary());
            assertEquals(1, server.accepted());
            String sent = new String(server.received(), UTF_8);
            assertTrue(sent.startsWith("GET /a?b=c HTTP/1.1\r\nhost: 127.0.0.1:" + server.port() + "\r\n"), sent);
            assertTrue(sent.contains("X-More: yes\r\n"), sent);
        }
    }

    @Test
    void bodiesAreSent() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(connection -> {
            readHead(connection.in());
            connection.in().readNBytes(3);
            say(connection.out(), "HTTP/1.1 204 Done\r\n\r\n");
        })) {
            HttpRequest request = HttpRequest.post("/", "text/plain", "yes".getBytes(UTF_8));

            assertEquals(204, client(plain(server)).send(request, LONG).get().status());
            String sent = new String(server.received(), UTF_8);
            assertTrue(sent.contains("content-length: 3\r\n") && sent.endsWith("\r\n\r\nyes"), sent);
        }
    }

    @Test
    void aConnectionThatDiedWhileIdleIsReplaced() throws Exception {
        AtomicInteger connections = new AtomicInteger();
        CountDownLatch asked = new CountDownLatch(1);
        try (ScriptedServer server = ScriptedServer.start(connection -> {
            readHead(connection.in());
            say(connection.out(), "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + connections.incrementAndGet());
            readHead(connection.in()); // hears the second question, and leaves without a word
            asked.countDown();
            connection.reset();
        })) {
            HttpClient client = client(plain(server));
            assertEquals("1", client.send(HttpRequest.get("/"), LONG).get().text());
            CompletableFuture<HttpAnswer> second = client.send(HttpRequest.get("/"), LONG);

            assertEquals("2", second.get().text());
            assertTrue(asked.await(10, TimeUnit.SECONDS));
            assertFailure("closed the connection", client.send(HttpRequest.post("/", "a/b", new byte[1]), LONG));
        }
    }

    @Test
    void linesAreToldAsTheyCome() throws Exception {
        List<String> heard = new CopyOnWriteArrayList<>();
        CountDownLatch first = new CountDownLatch(1);
        try (ScriptedServer server = ScriptedServer.start(connection -> {
            readHead(connection.in());
            say(connection.out(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\none\r\nt\r\n");
            awaitLatch(first);
            say(connection.out(), "5\r\nwo\n\nt\r\n4\r\nhree\r\n0\r\n\r\n");
        })) {
            CompletableFuture<HttpAnswer> end = client(plain(server))
                    .follow(HttpRequest.get("/events"), LONG, new Lines() {
                        @Override
                        public void onOpen() {
                            heard.add("open");
                        }

                        @Override
                        public void onLine(String line) {
                            heard.add(line);
                        }
                    });
            await().atMost(LONG).until(() -> heard.equals(List.of("open", "one")));
            first.countDown();

            assertEquals(200, end.get().status());
            assertEquals(List.of("open", "one", "two", ""), heard); // "three" has no end
        }
    }

    @Test
    void aRefusalIsNoLine() throws Exception {
        List<String> heard = new CopyOnWriteArrayList<>();
        try (ScriptedServer server = ScriptedServer.start(connection -> {
            readHead(connection.in());
            say(connection.out(), "HTTP/1.1 410 Gone\r\nContent-Length: 4\r\n\r\nold\n");
        })) {
            HttpAnswer answer = client(plain(server))
                    .follow(HttpRequest.get("/"), LONG, heard::add)
                    .get();

            assertEquals("410: old", answer.summary());
            assertEquals(List.of(), heard);
        }
    }

    @Test
    void silenceEndsWhatIsFollowed() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(connection -> {
            readHead(connection.in());
            say(connection.out(), "HTTP/1.1 200 OK\r\n\r\nhello\n");
            connection.awaitClose();
        })) {
            List<String> heard = new CopyOnWriteArrayList<>();

            assertFailure(
                    "kept silent for 200 ms", client(plain(server)).follow(HttpRequest.get("/"), SHORT, heard::add));
            assertEquals(List.of("hello"), heard);
            await().atMost(LONG).until(() -> server.open() == 0);
        }
    }

    @Test
    void lateAnswersAreFailures() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(ScriptedServer.Connection::awaitClose)) {
            assertFailure("did not answer within 200 ms", client(plain(server)).send(HttpRequest.get("/"), SHORT));
            await().atMost(LONG).until(() -> server.open() == 0);
        }
    }

    @Test
    void cancellingClosesTheConnectionAndTellsNoMore() throws Exception {
        List<String> heard = new CopyOnWriteArrayList<>();
        try (ScriptedServer server = ScriptedServer.start(connection -> {
            readHead(connection.in());
            say(connection.out(), "HTTP/1.1 200 OK\r\n\r\none\ntwo\n");
            connection.awaitClose();
        })) {
            CompletableFuture<CompletableFuture<HttpAnswer>> own = new CompletableFuture<>();
            CompletableFuture<HttpAnswer> answer = client(plain(server)).follow(HttpRequest.get("/"), LONG, line -> {
                heard.add(line);
                own.join().cancel(true);
            });
            own.complete(answer);

            await().atMost(LONG).until(() -> !heard.isEmpty() && server.open() == 0);
            assertEquals(List.of("one"), heard);
        }
    }

    @Test
    void brokenAnswersAreFailures() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(connection -> {
            String path = readHead(connection.in());
            if (path.contains("/cut")) {
                say(connection.out(), "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
            } else if (path.contains("/long")) {
                say(connection.out(), "HTTP/1.1 200 OK\r\n\r\n");
                byte[] mebibyte = new byte[1 << 20];
                for (int i = 0; i < 17; i++) {
                    connection.out().write(mebibyte);
                }
            } else {
                say(connection.out(), "SSH-2.0-OpenSSH_9.2\r\n\r\n");
            }
        })) {
            HttpClient client = client(plain(server));

            assertFailure("broke off its answer", client.send(HttpRequest.get("/cut"), LONG));
            assertFailure("its answer is longer than 16 MiB", client.send(HttpRequest.get("/long"), LONG));
            assertFailure("is not HTTP", client.send(HttpRequest.get("/ssh"), LONG));
            assertFailure(
                    "a line of its answer is longer than 4 MiB",
                    client.follow(HttpRequest.get("/long"), LONG, line -> {}));
        }
    }

    @Test
    void listenersThatThrowEndTheirAnswer() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(connection -> {
            readHead(connection.in());
            say(connection.out(), "HTTP/1.1 200 OK\r\n\r\none\n");
            connection.awaitClose();
        })) {
            assertFailure("could not be handled", client(plain(server)).follow(HttpRequest.get("/"), LONG, line -> {
                throw new IllegalStateException("the listener's own fault, on purpose");
            }));
        }
    }

    @Test
    void nobodyListening() {
        int port = Ports.free();

        assertFailure(
                "127.0.0.1:" + port + ": cannot be connected to: Connection refused",
                client(ServerAddress.tcp("127.0.0.1", port, null)).send(HttpRequest.get("/"), LONG));
    }

    @Test
    void anAttemptIsGivenUpBeforeTheKernelRestsForLong() throws Exception {
        List<Socket> waiting = new ArrayList<>();
        try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            for (int i = 0; i < 2; i++) { // the kernel answers nobody beyond them
                waiting.add(new Socket(full.getInetAddress(), full.getLocalPort()));
            }
            assertFailure(
                    "connection timed out after 1500 ms",
                    client(ServerAddress.tcp("127.0.0.1", full.getLocalPort(), null))
                            .send(HttpRequest.get("/"), LONG));
        } finally {
            for (Socket socket : waiting) {
                socket.close();
            }
        }
    }

    @Test
    void namesAreLookedUp() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(HttpClientTest::greet)) {
            ServerAddress address = ServerAddress.tcp("localhost", server.port(), null);

            assertEquals(
                    "hi", client(address).send(HttpRequest.get("/"), LONG).get().text());
            assertFailure(
                    "no-such-host.invalid",
                    client(ServerAddress.tcp("no-such-host.invalid", 1, null)).send(HttpRequest.get("/"), LONG));
        }
    }

    @Test
    void unixSocketsServeToo() throws Exception {
        Path socket = folder.resolve("api.sock");
        try (ServerSocketChannel listener =
                ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket))) {
            CompletableFuture<HttpAnswer> answer =
                    client(ServerAddress.unix(socket)).send(HttpRequest.get("/v1"), LONG);
            try (SocketChannel accepted = listener.accept()) {
                String head = readHead(Channels.newInputStream(accepted));
                assertTrue(head.contains("host: localhost\r\n"), head);
                say(Channels.newOutputStream(accepted), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
                assertEquals("hi", answer.get().text());
            }
        }
        assertFailure(
                "no.sock: cannot be connected to",
                client(ServerAddress.unix(folder.resolve("no.sock"))).send(HttpRequest.get("/"), LONG));
    }

    @Test
    void certificatesAreVerified() throws Exception {
        Certificates own = Certificates.in(folder);
        Certificates foreign = Certificates.in(folder);
        try (TlsServer server = new TlsServer(own.server("registry.example.com"))) {
            assertEquals(
                    "hi",
                    client(tls(server, own.ca(), "registry.example.com"))
                            .send(HttpRequest.get("/").secretHeader("X-Token", "", secret("s3cret")), LONG)
                            .get()
                            .text());
            assertFailure(
                    "TLS failed",
                    client(tls(server, own.ca(), "other.example.com")).send(HttpRequest.get("/"), LONG));
            assertFailure(
                    "TLS failed",
                    client(tls(server, foreign.ca(), "registry.example.com")).send(HttpRequest.get("/"), LONG));
            assertFailure(
                    "does not exist",
                    client(tls(server, folder.resolve("none.pem"), "a.b")).send(HttpRequest.get("/"), LONG));
        }
    }

    @Test
    void secretsAreSentAndWiped() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(HttpClientTest::greet)) {
            Secret secret = secret("s3cret");
            HttpRequest request = HttpRequest.get("/").secretHeader("Authorization", "Bearer ", secret);
            assertEquals("GET /", request.toString());

            client(plain(server)).send(request, LONG).get();

            String sent = new String(server.received(), UTF_8);
            assertTrue(sent.contains("Authorization: Bearer s3cret\r\n"), sent);
            await().atMost(LONG).until(() -> isWiped(secret));
        }
    }

    @Test
    void secretsThatAreNoHeaderAreNotSentNorTold() {
        try (ScriptedServer server = ScriptedServer.start(HttpClientTest::greet)) {
            Secret secret = secret("s3cret\r\nX-Evil: 1");

            String said = assertFailure(
                    "character",
                    client(plain(server)).send(HttpRequest.get("/").secretHeader("X-Token", "", secret), LONG));

            assertFalse(said.contains("s3cret"), said);
            assertEquals(0, server.received().length);
            await().atMost(LONG).until(() -> isWiped(secret));
        }
    }

    @Test
    void secretsDoNotCrossANetworkInTheClear() {
        ServerAddress address = ServerAddress.tcp("192.0.2.1", 80, null); // leads nowhere (RFC 5737)

        assertFailure(
                "would cross the network in the clear",
                client(address).send(HttpRequest.get("/").secretHeader("X-Token", "", secret("s3cret")), LONG));
    }

    @Test
    void closingFailsWhatIsUnderWay() {
        try (ScriptedServer server = ScriptedServer.start(ScriptedServer.Connection::awaitClose)) {
            HttpClient client = client(plain(server));
            CompletableFuture<HttpAnswer> answer = client.send(HttpRequest.get("/"), LONG);
            await().atMost(LONG).until(() -> server.open() == 1);
            client.close();
            client.close();

            assertFailure("closed", answer);
            assertFailure("closed", client.send(HttpRequest.get("/"), LONG));
            await().atMost(LONG).until(() -> server.open() == 0);
        }
    }

    private HttpClient client(ServerAddress address) {
        HttpClient client = new HttpClient(address, DnsOptions.system(), control.scheduler());
        clients.add(client);
        return client;
    }

    private static ServerAddress plain(ScriptedServer server) {
        return ServerAddress.tcp("127.0.0.1", server.port(), null);
    }

    private static ServerAddress tls(TlsServer server, Path ca, String name) {
        return ServerAddress.tcp("127.0.0.1", server.port(), new TlsOptions(ca, null, null, name));
    }

    private static Secret secret(String text) {
        return Secret.owning(text.getBytes(UTF_8));
    }

    private static boolean isWiped(Secret secret) {
        try {
            secret.reveal();
            return false;
        } catch (IllegalStateException e) {
            return true;
        }
    }

    private static void greet(ScriptedServer.Connection connection) throws IOException {
        readHead(connection.in());
        say(connection.out(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    }

    private static String readHead(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        int next;
        while (head.indexOf("\r\n\r\n") < 0 && (next = in.read()) >= 0) {
            head.append((char) next);
        }
        return head.toString();
    }

    private static void say(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(UTF_8));
        out.flush();
    }

    private static void awaitLatch(CountDownLatch latch) throws IOException {
        try {
            latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private static String assertFailure(String part, CompletableFuture<?> future) {
        ExecutionException failure = assertThrows(ExecutionException.class, () -> future.get(20, TimeUnit.SECONDS));
        String message =
                assertInstanceOf(DiscoveryException.class, failure.getCause()).getMessage();
        assertTrue(message.contains(part), message);
        return message;
    }

    /** Serves {@code hi} over TLS. */
    private static final class TlsServer extends LoopbackServer {
        TlsServer(Certificates.Issued issued) throws IOException {
            super(listener(issued));
            accept();
        }

        private static ServerSocket listener(Certificates.Issued issued) throws IOException {
            return issued.serverContext()
                    .getServerSocketFactory()
                    .createServerSocket(0, 10, InetAddress.getLoopbackAddress());
        }

        @Override
        protected void serve(Socket socket) throws IOException {
            readHead(socket.getInputStream());
            say(socket.getOutputStream(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
        }
    }
}
