package io.ambassador.transport;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.ConfigurationException;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.Certificates.Issued;
import io.ambassador.testkit.LoopbackServer;
import io.ambassador.testkit.RecordingServer;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Promise;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class TlsContextsTest {
    private static final EventLoopGroup LOOP = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private static final String NAME = "redis.example.com";
    private static final String SECRET = "AUTH s3cret\r\n";

    @TempDir
    private Path directory;

    private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
    private Certificates authority;

    @BeforeEach
    void makeAuthority() {
        authority = Certificates.in(directory);
    }

    @AfterEach
    void stop() {
        scheduler.shutdownNow();
    }

    @AfterAll
    static void stopLoop() {
        LOOP.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @Test
    void encryptsForTheRightServer() throws Exception {
        for (String name : new String[] {NAME, NAME + ".", "localhost", "127.0.0.1", "::1", "[::1]"}) {
            String bare = name.replaceAll("[\\[\\]]|\\.$", "");
            try (RecordingServer server = server(authority.server("other.example.com", bare));
                    TlsContexts tls = trusting(authority.ca(), name)) {
                assertNull(failureOf(tls, server), name);
                await().untilAsserted(() -> assertEquals(SECRET, server.receivedText()));
            }
        }
    }

    @Test
    void indicatesNamesAndNoAddresses() throws Exception {
        try (SessionServer server = sessions(authority.server(NAME, "redis", "127.0.0.1"), null)) {
            for (String name : new String[] {NAME, "redis", "127.0.0.1"}) {
                try (TlsContexts tls = trusting(authority.ca(), name)) {
                    assertNull(failureOf(tls, server));
                }
            }
            await().untilAsserted(() ->
                    assertEquals("[" + NAME + ", redis, none]", server.names().toString()));
        }
    }

    @Test
    void refusesTheWrongName() throws Exception {
        assertRefused(authority.server("other.example.com"), NAME, "is for other.example.com, not for " + NAME);
        assertRefused(authority.server("10.0.0.1"), "127.0.0.1", "is for 10.0.0.1, not for 127.0.0.1");
    }

    /** RFC 9525: a name counts only as a subject alternative name of its own kind. */
    @Test
    void refusesNamesOfTheWrongKind() throws Exception {
        assertRefused(authority.namelessServer(NAME), NAME, "carries no DNS name");
        assertRefused(authority.server("127.0.0.1"), NAME, "carries no DNS name");
        assertRefused(authority.serverWithDnsName("127.0.0.1"), "127.0.0.1", "carries no IP address");
    }

    @Test
    void refusesTheWrongTime() throws Exception {
        assertRefused(authority.expiredServer(NAME), NAME, "the certificate expired on ");
        assertRefused(authority.notYetValidServer(NAME), NAME, "the certificate is valid only from ");
    }

    @Test
    void refusesATrustedLeafThatExpired() throws Exception {
        Issued expired = authority.expiredServer(NAME);
        try (RecordingServer server = server(expired);
                TlsContexts tls = trusting(expired.certificate(), NAME)) {
            assertTrue(failureOf(tls, server).contains("expired"));
        }
    }

    @Test
    void refusesAnUnknownAuthority() throws Exception {
        assertRefused(Certificates.in(directory).server(NAME), NAME, "unknown CA");
    }

    @Test
    void trustsTheJvmsAuthoritiesByDefault() throws Exception {
        try (RecordingServer server = server(authority.server(NAME));
                TlsContexts tls = trusting(null, NAME)) {
            assertTrue(failureOf(tls, server).contains("unknown CA"));
        }
    }

    @Test
    void refusesACertificateForClients() throws Exception {
        assertRefused(authority.wrongPurposeServer(NAME), NAME, "not meant for servers");
    }

    @Test
    void saysThatTheServerDoesNotSpeakTls() throws Exception {
        try (RecordingServer server = RecordingServer.start().greeting("220 hello\r\n".getBytes("US-ASCII"));
                TlsContexts tls = trusting(authority.ca(), NAME)) {
            assertEquals("the endpoint does not speak TLS on this port", failureOf(tls, server));
            assertFalse(server.receivedText().contains("AUTH"), server.receivedText());
        }
    }

    @Test
    void showsItsOwnCertificate() throws Exception {
        Issued client = authority.client("ambassador");
        try (SessionServer server = sessions(authority.server(NAME), authority.ca());
                TlsContexts tls = load(authority.ca(), NAME, client)) {
            assertNull(failureOf(tls, server));
            await().untilAsserted(() ->
                    assertEquals("[CN=ambassador]", server.clients().toString()));
        }
    }

    @Test
    void withoutAClientCertificateNothingReachesAServerThatWantsOne() throws Exception {
        try (SessionServer server = sessions(authority.server(NAME), authority.ca());
                TlsContexts tls = trusting(authority.ca(), NAME)) {
            failureOf(tls, server); // TLS 1.3 tells the client only after its own handshake
            await().untilAsserted(() -> assertEquals(1, server.failures().size()));
            assertEquals("[]", server.clients().toString());
        }
    }

    @Test
    void followsARotatedAuthority() throws Exception {
        Path ca = Files.copy(authority.ca(), directory.resolve("trusted.pem"));
        Certificates next = Certificates.in(directory);
        try (RecordingServer server = server(authority.server(NAME));
                RecordingServer renewed = server(next.server(NAME));
                TlsContexts tls = trusting(ca, NAME)) {
            assertNull(failureOf(tls, server));
            assertNull(failureOf(tls, server));
            assertTrue(failureOf(tls, renewed).contains("unknown CA"));

            replace(ca, Files.readString(next.ca()));

            await().untilAsserted(() -> assertNull(failureOf(tls, renewed)));
            assertTrue(String.valueOf(failureOf(tls, server)).contains("unknown CA"));
        }
    }

    @Test
    void noSessionOutlivesTheAuthoritiesItWasMadeUnder() throws Exception {
        Path ca = Files.copy(authority.ca(), directory.resolve("trusted.pem"));
        Path more = Certificates.in(directory).ca();
        try (RecordingServer server = server(authority.server(NAME)).greeting(new byte[] {1});
                TlsContexts tls = trusting(ca, NAME)) {
            await().until(() -> resumes(tls, server));
            SslContext before = tls.context();

            replace(ca, Files.readString(authority.ca()) + Files.readString(more));

            await().until(() -> tls.context() != before);
            assertFalse(resumes(tls, server), "the first connection under the new authorities");
            await().until(() -> resumes(tls, server));
        }
    }

    @Test
    void followsARotatedClientCertificate() throws Exception {
        Issued first = authority.client("first");
        Issued second = authority.client("second");
        try (SessionServer server = sessions(authority.server(NAME), authority.ca());
                TlsContexts tls = load(authority.ca(), NAME, first)) {
            assertNull(failureOf(tls, server));

            replace(first.certificate(), Files.readString(second.certificate()));
            scheduler.schedule(() -> {}, 100, TimeUnit.MILLISECONDS).get();
            assertNull(failureOf(tls, server), "the key is still missing: the old pair stays in use");
            await().untilAsserted(() ->
                    assertEquals("[CN=first, CN=first]", server.clients().toString()));
            replaceKey(first.key(), Files.readString(second.key()));

            await().untilAsserted(() -> {
                assertNull(failureOf(tls, server));
                assertTrue(
                        server.clients().contains("CN=second"), server.clients().toString());
            });
        }
    }

    @Test
    void aBrokenFileIsLoggedOnceAndTheLastGoodStaysInUse() throws Exception {
        Path ca = Files.copy(authority.ca(), directory.resolve("trusted.pem"));
        PrintStream stderr = System.err;
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        try (RecordingServer server = server(authority.server(NAME));
                TlsContexts tls = trusting(ca, NAME)) {
            replace(ca, "garbage");
            await().untilAsserted(() ->
                    assertTrue(log.toString(StandardCharsets.UTF_8).contains("trusted.pem")));
            scheduler.schedule(() -> {}, 200, TimeUnit.MILLISECONDS).get();

            assertNull(failureOf(tls, server));
            String logged = log.toString(StandardCharsets.UTF_8);
            assertEquals(1, logged.split("stay in use", -1).length - 1, logged);
            assertTrue(logged.contains("services.redis.tls.ca: " + ca + " holds no"), logged);
        } finally {
            System.setErr(stderr);
        }
    }

    @Test
    void namesKeyPathAndReasonOfWhatCannotBeRead() throws Exception {
        Issued client = authority.client("ambassador");
        Issued other = authority.client("other");
        Path open = Files.copy(client.key(), directory.resolve("open.pem"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rw-r--r--"));
        Path empty = Files.createFile(directory.resolve("empty.pem"));
        Path missing = directory.resolve("missing.pem");

        assertProblem("ca: " + missing + " does not exist", missing, client.certificate(), client.key());
        assertProblem("ca: " + directory + " cannot be read", directory, client.certificate(), client.key());
        assertProblem("ca: " + empty + " holds no certificate", empty, client.certificate(), client.key());
        assertProblem("ca: " + client.key() + " holds no", client.key(), client.certificate(), client.key());
        assertProblem("certificate: " + missing + " does not exist", authority.ca(), missing, client.key());
        assertProblem("key: " + missing + " does not exist", authority.ca(), client.certificate(), missing);
        assertProblem("key: " + open + " can be read by other users", authority.ca(), client.certificate(), open);
        assertProblem("key: " + other.key() + " does not belong", authority.ca(), client.certificate(), other.key());
        for (String[] wrong : new String[][] {
            {"", "holds no private key"},
            {"-----BEGIN RSA PRIVATE KEY-----\nAA==\n-----END RSA PRIVATE KEY-----", "openssl pkcs8 -topk8 -nocrypt"},
            {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----", "encrypted"},
            {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "of an unknown kind"},
            {"-----BEGIN PRIVATE KEY-----\nA\n-----END PRIVATE KEY-----", "not Base64"},
            {"-----BEGIN PRIVATE KEY-----\nAAAA", "not PKCS #8"}
        }) {
            replaceKey(other.key(), wrong[0]);
            assertProblem("key: " + other.key() + " .*" + wrong[1], authority.ca(), client.certificate(), other.key());
        }
    }

    @Test
    void refusesAServerNameThatIsNone() {
        ConfigurationException refused =
                assertThrows(ConfigurationException.class, () -> trusting(authority.ca(), "not a name"));
        assertTrue(
                refused.getMessage().startsWith("services.redis.tls.server-name: \"not a name\""),
                refused.getMessage());
    }

    @Test
    void readsRsaAndEdwardsKeys() throws Exception {
        for (String algorithm : new String[] {"RSA", "EC", "Ed25519"}) {
            byte[] der = KeyPairGenerator.getInstance(algorithm)
                    .generateKeyPair()
                    .getPrivate()
                    .getEncoded();
            String pem = "some text\n-----BEGIN PRIVATE KEY-----\n"
                    + Base64.getMimeEncoder().encodeToString(der) + "\n-----END PRIVATE KEY-----\n";
            assertEquals(
                    algorithm.startsWith("Ed") ? "EdDSA" : algorithm,
                    PemKey.parse(pem.getBytes(StandardCharsets.US_ASCII)).getAlgorithm());
        }
    }

    private void assertRefused(Issued certificate, String name, String reason) throws Exception {
        try (RecordingServer server = server(certificate);
                TlsContexts tls = trusting(authority.ca(), name)) {
            String failure = failureOf(tls, server);
            assertNotNull(failure, "the handshake succeeded");
            assertTrue(failure.contains(reason), failure);
            await().untilAsserted(() -> assertEquals(1, server.failures().size()));
            assertEquals("", server.receivedText(), "not one application byte");
        }
    }

    private void assertProblem(String expected, Path ca, Path certificate, Path key) {
        ConfigurationException refused =
                assertThrows(ConfigurationException.class, () -> load(ca, NAME, new Issued(certificate, key)));
        String[] parts = expected.split(" \\.\\*", 2);
        assertTrue(refused.getMessage().startsWith("services.redis.tls." + parts[0]), refused.getMessage());
        assertTrue(
                parts.length == 1
                        || Pattern.compile(parts[1])
                                .matcher(refused.getMessage())
                                .find(),
                refused.getMessage());
        assertFalse(refused.getMessage().contains("AAAA"), "nothing of the key");
    }

    private TlsContexts trusting(Path ca, String name) throws ConfigurationException {
        return load(ca, name, new Issued(null, null));
    }

    private TlsContexts load(Path ca, String name, Issued client) throws ConfigurationException {
        return TlsContexts.load(
                "services.redis.tls", name, ca, client.certificate(), client.key(), Duration.ofMillis(20), scheduler);
    }

    private static RecordingServer server(Issued certificate) throws Exception {
        return RecordingServer.startTls(ServerTls.context(certificate, null), false);
    }

    private static SessionServer sessions(Issued certificate, Path clientCa) throws Exception {
        return SessionServer.start(ServerTls.context(certificate, clientCa), clientCa != null);
    }

    /** Connects, and writes a secret at once; tells why the handshake failed, or {@code null}. */
    private static String failureOf(TlsContexts tls, LoopbackServer server) throws Exception {
        AtomicReference<SslHandler> added = new AtomicReference<>(); // a failed one may have left by the time we look
        Channel channel = new Bootstrap()
                .group(LOOP)
                .channel(NioSocketChannel.class)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel initialized) {
                        added.set(tls.newHandler(initialized.alloc(), server.endpoint()));
                        initialized.pipeline().addLast(added.get());
                    }
                })
                .connect(server.address())
                .sync()
                .channel();
        try {
            SslHandler handler = added.get();
            channel.writeAndFlush(Unpooled.copiedBuffer(SECRET, StandardCharsets.US_ASCII))
                    .await();
            Throwable failure =
                    handler == null ? null : handler.handshakeFuture().await().cause();
            return failure == null ? null : tls.explain(failure);
        } finally {
            channel.close().sync();
        }
    }

    /** Connects, waits for the first byte (tickets come before it), and tells whether the session is an older one. */
    private static boolean resumes(TlsContexts tls, LoopbackServer server) throws Exception {
        Promise<Long> created = LOOP.next().newPromise();
        long began = System.currentTimeMillis();
        Channel channel = new Bootstrap()
                .group(LOOP)
                .channel(NioSocketChannel.class)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel initialized) {
                        SslHandler handler = tls.newHandler(initialized.alloc(), server.endpoint());
                        initialized.pipeline().addLast(handler, new SimpleChannelInboundHandler<ByteBuf>() {
                            @Override
                            protected void channelRead0(ChannelHandlerContext ctx, ByteBuf in) {
                                created.trySuccess(handler.engine().getSession().getCreationTime());
                            }
                        });
                    }
                })
                .connect(server.address())
                .sync()
                .channel();
        try {
            return created.sync().getNow() < began;
        } finally {
            channel.close().sync();
        }
    }

    private static void replace(Path file, String content) throws Exception {
        Path next = Files.writeString(file.resolveSibling("next"), content);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private static void replaceKey(Path file, String content) throws Exception {
        Path next = Files.createFile(
                file.resolveSibling("next"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(next, content);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
