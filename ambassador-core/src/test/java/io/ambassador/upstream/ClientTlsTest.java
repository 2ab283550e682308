package io.ambassador.upstream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.service.Cidr;
import io.ambassador.service.ClientTlsSpec;
import io.ambassador.service.ClientTlsSpec.Mode;
import io.ambassador.service.LimitsSpec;
import io.ambassador.service.ProxyProtocolSpec;
import io.ambassador.service.TlsSpec;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.Certificates.Issued;
import io.ambassador.testkit.ScriptedServer;
import io.ambassador.testkit.ScriptedServer.Connection;
import io.ambassador.transport.ServerTls;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** TLS between clients and us, alone and together with TLS between us and the backend. */
class ClientTlsTest extends LineTest {
    private static final String NAME = "backend.example";
    private static final Endpoint NOWHERE = Endpoint.of("127.0.0.1", 1);

    @TempDir
    Path directory;

    private Certificates certificates;
    private Issued ours;

    @BeforeEach
    void issue() {
        certificates = Certificates.in(directory);
        ours = certificates.server("127.0.0.1");
    }

    private ClientTlsSpec clientTls(Path clientCa, Mode mode) {
        return new ClientTlsSpec(ours.certificate(), ours.key(), clientCa, mode);
    }

    private ClientTlsSpec clientTls() {
        return clientTls(null, Mode.REQUIRE);
    }

    private TlsSpec backendTls() {
        return new TlsSpec(NAME, certificates.ca(), null, null);
    }

    /** Trusts the test's authority; does not look at names. */
    private SSLContext clientContext(Issued own) throws Exception {
        if (own != null) {
            return ServerTls.context(own, certificates.ca());
        }
        KeyStore authorities = KeyStore.getInstance("PKCS12");
        authorities.load(null, null);
        try (InputStream in = Files.newInputStream(certificates.ca())) {
            authorities.setCertificateEntry(
                    "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(authorities);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    private SSLSocket encrypt(Socket plain, Issued own, String... versions) throws Exception {
        SSLSocket tls = (SSLSocket)
                clientContext(own).getSocketFactory().createSocket(plain, "127.0.0.1", plain.getPort(), true);
        if (versions.length > 0) {
            tls.setEnabledProtocols(versions);
        }
        tls.startHandshake();
        return tls;
    }

    private SSLSocket connectTls(String... versions) throws Exception {
        return encrypt(connect(), null, versions);
    }

    /** A backend that says {@code GO} and begins with TLS, then goes on by {@code script}. */
    private ScriptedServer.Script encrypted(Issued issued, boolean asked, ScriptedServer.Script script) {
        return plain -> {
            if (asked) {
                LineServer.line(plain.in());
                LineServer.say(plain, "GO\n");
            }
            SSLSocket tls;
            try {
                tls = (SSLSocket)
                        ServerTls.context(issued, null).getSocketFactory().createSocket(plain.socket(), null, false);
            } catch (IOException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
            tls.setUseClientMode(false);
            script.play(new Connection(tls, tls.getInputStream(), tls.getOutputStream()));
        };
    }

    private Issued backend() {
        return certificates.server(NAME);
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void aClientIsServedOverTls(String version) throws Exception {
        try (ScriptedServer backend = ScriptedServer.start(LineServer::letIn)) {
            serve(s -> s.clientTls(clientTls()), backend.endpoint());
            try (SSLSocket client = connectTls(version)) {
                assertEquals(version, client.getSession().getProtocol());
                send(client, "HELLO k\nabc");
                assertEquals("READY\nabc", read(client, 9));
            }
        }
    }

    /** An end of data is one on the other side too, and the direction back stays open. */
    @Test
    void anEndOfDataPassesThroughTlsOnBothSides() throws Exception {
        CompletableFuture<String> received = new CompletableFuture<>();
        try (ScriptedServer backend = ScriptedServer.start(encrypted(backend(), false, connection -> {
            LineServer.say(connection, "WELCOME\n");
            LineServer.line(connection.in());
            LineServer.say(connection, "OK\n");
            received.complete(new String(connection.in().readAllBytes(), UTF_8));
            LineServer.say(connection, "the answer");
            ((SSLSocket) connection.socket()).shutdownOutput();
            connection.awaitClose();
        }))) {
            serve(s -> s.clientTls(clientTls()).tls(backendTls()), backend.endpoint());
            try (SSLSocket client = connectTls()) {
                send(client, "HELLO k\nthe question");
                client.shutdownOutput();
                assertEquals(
                        "READY\nthe answer", new String(client.getInputStream().readAllBytes(), UTF_8));
            }
            assertEquals("the question", received.get(10, TimeUnit.SECONDS));
        }
        await().atMost(PATIENCE).until(() -> closed("completed") == 1);
    }

    @Test
    void whatTheBackendCutsShortDoesNotLookComplete() throws Exception {
        try (ScriptedServer backend = ScriptedServer.start(plain -> encrypted(backend(), false, connection -> {
                    LineServer.say(connection, "WELCOME\n");
                    LineServer.line(connection.in());
                    LineServer.say(connection, "OK\nhalf");
                    LineServer.line(connection.in());
                    plain.socket().shutdownOutput(); // without a word of TLS
                    plain.awaitClose();
                })
                .play(plain))) {
            serve(s -> s.clientTls(clientTls()).tls(backendTls()), backend.endpoint());
            try (SSLSocket client = connectTls()) {
                send(client, "HELLO k\n");
                assertEquals("READY\nhalf", read(client, 10));
                send(client, "go\n");
                assertThrows(IOException.class, () -> client.getInputStream().read());
            }
        }
        await().atMost(PATIENCE).until(() -> closed("backend-reset") == 1);
    }

    @Test
    void whatTheClientCutsShortDoesNotLookComplete() throws Exception {
        CompletableFuture<Throwable> end = new CompletableFuture<>();
        try (ScriptedServer backend = ScriptedServer.start(connection -> {
            LineServer.say(connection, "WELCOME\n");
            LineServer.line(connection.in());
            LineServer.say(connection, "OK\n");
            try {
                connection.in().readAllBytes();
                end.complete(null);
            } catch (IOException e) {
                end.complete(e);
            }
        })) {
            serve(s -> s.clientTls(clientTls()), backend.endpoint());
            try (Socket plain = connect()) {
                SSLSocket client = encrypt(plain, null);
                send(client, "HELLO k\nhalf");
                assertEquals("READY\n", read(client, 6));
                plain.shutdownOutput();
                assertTrue(end.get(10, TimeUnit.SECONDS) instanceof SocketException, "a clean end");
            }
        }
        await().atMost(PATIENCE).until(() -> closed("client-reset") == 1);
    }

    @Test
    void aClientsResetIsOneForABackendOverTls() throws Exception {
        CompletableFuture<Throwable> end = new CompletableFuture<>();
        try (ScriptedServer backend = ScriptedServer.start(encrypted(backend(), false, connection -> {
            LineServer.say(connection, "WELCOME\n");
            LineServer.line(connection.in());
            LineServer.say(connection, "OK\n");
            try {
                connection.in().readAllBytes();
                end.complete(null);
            } catch (IOException e) {
                end.complete(e);
            }
        }))) {
            serve(s -> s.tls(backendTls()), backend.endpoint());
            try (Socket client = connect()) {
                send(client, "HELLO k\nhalf");
                assertEquals("READY\n", read(client, 6));
                client.setSoLinger(true, 0);
            }
            assertTrue(end.get(10, TimeUnit.SECONDS) instanceof IOException, "a clean end");
        }
    }

    @Test
    void aRefusalIsReadOverTlsToItsEnd() throws Exception {
        try (ScriptedServer backend = ScriptedServer.start(connection -> LineServer.answer(connection, "NO"))) {
            serve(s -> s.clientTls(clientTls()), backend.endpoint());
            try (SSLSocket client = connectTls()) {
                send(client, "HELLO k\n");
                String told = new String(client.getInputStream().readAllBytes(), UTF_8);
                assertTrue(told.startsWith("ERR LOGIN_REFUSED "), told);
            }
        }
    }

    @Test
    void aClientWithoutTlsIsTurnedAway() throws Exception {
        try (ScriptedServer backend = ScriptedServer.start(LineServer::letIn)) {
            serve(s -> s.clientTls(clientTls()), backend.endpoint());
            try (Socket client = connect()) {
                send(client, "HELLO k\nabc");
                byte[] told = client.getInputStream().readAllBytes();
                assertFalse(new String(told, UTF_8).contains("READY"));
            }
            await().atMost(PATIENCE).until(() -> closed("client-tls-failed") == 1);
            assertEquals(0, backend.accepted());
        }
    }

    @Test
    void aClientThatSaysNothingIsCutOff() throws Exception {
        try (ScriptedServer backend = ScriptedServer.start(LineServer::letIn)) {
            serve(
                    s -> s.clientTls(clientTls())
                            .limits(LimitsSpec.DEFAULT.withGreetingTimeout(Duration.ofMillis(100))),
                    backend.endpoint());
            try (Socket client = connect()) {
                client.getInputStream().readAllBytes(); // ends
            }
            await().atMost(PATIENCE).until(() -> closed("greeting-timeout") == 1);
            assertEquals(0, backend.accepted());
        }
    }

    @Test
    void aClientThatGoesInTheHandshakeIsForgotten() throws Exception {
        try (ScriptedServer backend = ScriptedServer.start(LineServer::letIn)) {
            serve(s -> s.clientTls(clientTls()), backend.endpoint());
            Socket client = connect();
            client.getOutputStream().write(new byte[] {22, 3, 1});
            await().atMost(PATIENCE).until(() -> status().activeConnections() == 1);
            client.setSoLinger(true, 0);
            client.close();
            await().atMost(PATIENCE).until(() -> status().activeConnections() == 0);
        }
    }

    @Test
    void onlyClientsWithACertificateOfTheRightAuthorityAreServed() throws Exception {
        Certificates others = Certificates.in(directory);
        try (ScriptedServer backend = ScriptedServer.start(LineServer::letIn)) {
            serve(s -> s.clientTls(clientTls(certificates.ca(), Mode.REQUIRE)), backend.endpoint());
            try (SSLSocket client = encrypt(connect(), certificates.client("app"))) {
                send(client, "HELLO k\n");
                assertEquals("READY\n", read(client, 6));
            }
            assertEquals(1, backend.accepted());
            for (Issued wrong :
                    new Issued[] {null, others.client("app"), certificates.server("app"), certificates.expiredServer()
                    }) {
                assertThrows(IOException.class, () -> {
                    try (SSLSocket client = encrypt(connect(), wrong)) {
                        send(client, "HELLO k\n");
                        if (client.getInputStream().read() < 0) {
                            throw new SSLException("closed");
                        }
                    }
                });
            }
            assertEquals(1, backend.accepted());
            await().atMost(PATIENCE).until(() -> status().activeConnections() == 0);
        }
    }

    @Test
    void newCertificatesAreUsedWhenTheirFilesChange() throws Exception {
        try (ScriptedServer backend = ScriptedServer.start(LineServer::letIn)) {
            serve(s -> s.clientTls(clientTls()), backend.endpoint());
            Certificate before = shown();
            assertEquals(before, shown());
            Issued newer = certificates.server("127.0.0.1");
            Files.move(newer.key(), ours.key(), StandardCopyOption.ATOMIC_MOVE);
            Files.move(newer.certificate(), ours.certificate(), StandardCopyOption.ATOMIC_MOVE);
            await().atMost(PATIENCE).untilAsserted(() -> assertNotEquals(before, shown()));
        }
    }

    private Certificate shown() throws Exception {
        try (SSLSocket client = connectTls()) {
            return client.getSession().getPeerCertificates()[0];
        }
    }

    @Test
    void aKeyThatOthersCanReadStopsTheStart() throws Exception {
        Files.setPosixFilePermissions(ours.key(), PosixFilePermissions.fromString("rw-r--r--"));
        ConfigurationException refused =
                assertThrows(ConfigurationException.class, () -> serve(s -> s.clientTls(clientTls()), NOWHERE));
        assertTrue(refused.getMessage().startsWith("services.line.client-tls.key: "), refused.getMessage());
        assertTrue(refused.getMessage().contains("can be read by other users"), refused.getMessage());
    }

    @Test
    void theAuthorityForClientsIsNamedByItsOwnKey() {
        ConfigurationException refused = assertThrows(
                ConfigurationException.class,
                () -> serve(s -> s.clientTls(clientTls(directory.resolve("none.pem"), Mode.REQUIRE)), NOWHERE));
        assertTrue(refused.getMessage().startsWith("services.line.client-tls.client-ca: "), refused.getMessage());
    }

    @Test
    void tlsFollowsTheProxyHeader() throws Exception {
        try (ScriptedServer backend = ScriptedServer.start(LineServer::letIn)) {
            serve(
                    s -> s.clientTls(clientTls())
                            .proxyProtocol(new ProxyProtocolSpec(
                                    List.of(Cidr.parse("127.0.0.0/8")), ProxyProtocolSpec.Send.OFF)),
                    backend.endpoint());
            try (Socket plain = connect()) {
                send(plain, "PROXY TCP4 10.0.0.1 10.0.0.2 1000 2000\r\n");
                SSLSocket client = encrypt(plain, null);
                send(client, "HELLO k\nabc");
                assertEquals("READY\nabc", read(client, 9));
            }
        }
    }

    @Test
    void aProtocolThatNegotiatesStartsTlsWhenTheClientAsks() throws Exception {
        protocol.negotiatesTls = true;
        try (ScriptedServer backend = ScriptedServer.start(LineServer::letIn)) {
            serve(s -> s.clientTls(clientTls(null, Mode.OFFER)), backend.endpoint());
            try (Socket plain = connect()) {
                send(plain, "TLS\n");
                assertEquals("GO\n", read(plain, 3));
                SSLSocket client = encrypt(plain, null);
                send(client, "HELLO k\nabc");
                assertEquals("READY\nabc", read(client, 9));
            }
            try (Socket client = connect()) {
                send(client, "HELLO k\nabc");
                assertEquals("READY\nabc", read(client, 9));
            }
        }
    }

    @Test
    void aProtocolThatNegotiatesCanBeToldToRequireTls() throws Exception {
        protocol.negotiatesTls = true;
        try (ScriptedServer backend = ScriptedServer.start(LineServer::letIn)) {
            serve(s -> s.clientTls(clientTls()), backend.endpoint());
            try (Socket client = connect()) {
                send(client, "HELLO k\nabc");
                assertTrue(LineServer.line(client.getInputStream()).startsWith("ERR "));
            }
            assertEquals(0, backend.accepted());
        }
    }

    @Test
    void offeringIsNothingWhereClientsCannotAsk() {
        ConfigurationException refused = assertThrows(
                ConfigurationException.class, () -> serve(s -> s.clientTls(clientTls(null, Mode.OFFER)), NOWHERE));
        assertTrue(refused.getMessage().startsWith("services.line.client-tls.mode: "), refused.getMessage());
    }

    @Test
    void aLoginThatNegotiatesTlsSaysNothingSecretBefore() throws Exception {
        protocol.negotiatesTls = true;
        try (ScriptedServer backend = ScriptedServer.start(encrypted(backend(), true, LineServer::letIn))) {
            serve(s -> s.tls(backendTls()), backend.endpoint());
            try (Socket client = connect()) {
                send(client, "HELLO k\nabc");
                assertEquals("READY\nabc", read(client, 9));
            }
            assertEquals("TLS\n", new String(backend.received(), UTF_8));
        }
    }

    @Test
    void aLoginThatLeavesOutTlsFails() throws Exception {
        protocol.negotiatesTls = true;
        protocol.asksBackendForTls = false;
        try (ScriptedServer backend = ScriptedServer.start(LineServer::letIn)) {
            serve(s -> s.tls(backendTls()), backend.endpoint());
            try (Socket client = connect()) {
                send(client, "HELLO k\nabc");
                assertTrue(LineServer.line(client.getInputStream()).startsWith("ERR LOGIN_FAILED "));
            }
            assertFalse(new String(backend.received(), UTF_8).contains("abc"));
        }
    }

    @Test
    void aBackendWithAnotherNameIsNotLoggedInAt() throws Exception {
        protocol.negotiatesTls = true;
        Issued other = certificates.server("other.example");
        try (ScriptedServer backend = ScriptedServer.start(encrypted(other, true, LineServer::letIn))) {
            serve(s -> s.tls(backendTls()), backend.endpoint());
            try (Socket client = connect()) {
                send(client, "HELLO k\n");
                assertTrue(LineServer.line(client.getInputStream()).startsWith("ERR TLS_FAILED "));
            }
            assertEquals("TLS\n", new String(backend.received(), UTF_8));
            await().atMost(PATIENCE).until(() -> closed("tls-failed") == 1);
        }
    }
}
