package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.service.Credentials;
import io.ambassador.service.TlsSpec;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.FaultRelay;
import io.ambassador.testkit.FaultRelay.Direction;
import io.ambassador.testkit.PgClient;
import io.ambassador.testkit.PostgresServer;
import io.ambassador.testkit.PostgresServer.Method;
import io.ambassador.testkit.ScriptedServer;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS to the servers: what crosses the wire, whom a password is shown to, and what a forged server gets out of it. */
class PostgresTlsIT {
    private static final byte[] SSL_REQUEST = PgClient.untyped(PgClient.SSL_REQUEST);

    @TempDir
    Path directory;

    private Certificates certificates;
    private Credentials credentials;

    @BeforeEach
    void prepare() throws Exception {
        certificates = Certificates.in(directory);
        credentials = Front.credentials(directory);
    }

    @Test
    void nothingButTheRequestForTlsCrossesInTheClear() throws Exception {
        try (PostgresServer server = PostgresServer.builder()
                        .method(Method.PASSWORD)
                        .database(Front.DATABASE)
                        .user(Front.USER, Front.PASSWORD)
                        .tls(certificates.server(Front.NAME))
                        .start();
                FaultRelay wire = FaultRelay.to(server.port());
                Ambassador ambassador = front(wire.port())) {
            assertEquals("visible", Program.psql(ambassador, "SELECT 'visible'"));
            for (Direction direction : Direction.values()) {
                String seen = new String(wire.recorded(direction), ISO_8859_1);
                for (String secret :
                        List.of(new String(Front.PASSWORD.getBytes(UTF_8), ISO_8859_1), "user", "shop", "visible")) {
                    assertFalse(seen.contains(secret), direction + " " + secret);
                }
            }
            assertArrayEquals(SSL_REQUEST, Arrays.copyOf(wire.recorded(Direction.TO_SERVER), 8));
        }
    }

    /** A cancel request holds a key, and goes by the same way as its session. */
    @Test
    void cancelRequestsAreEncryptedToo() throws Exception {
        try (PostgresServer server =
                        Front.server().tls(certificates.server(Front.NAME)).start();
                FaultRelay wire = FaultRelay.to(server.port());
                Ambassador ambassador = front(wire.port());
                PgClient session = PgClient.connect(ambassador.address(Front.SERVICE))) {
            session.send(PgClient.startup("user", Front.CLIENT_USER, "database", Front.DATABASE));
            PgClient.Message key = session.readTo('Z').stream()
                    .filter(message -> message.type() == 'K')
                    .findFirst()
                    .orElseThrow();
            session.send(PgClient.query("SELECT pg_sleep(40)"));
            await().until(() -> server.sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'active'"
                            + " AND query = 'SELECT pg_sleep(40)'")
                    .equals("1"));
            try (PgClient cancelling = PgClient.connect(ambassador.address(Front.SERVICE))) {
                cancelling.send(PgClient.cancel(key.number(0), Arrays.copyOfRange(key.body(), 4, key.body().length)));
                assertTrue(cancelling.isClosedByServer());
            }
            List<PgClient.Message> answer = session.readTo('Z');
            assertEquals("57014", answer.get(answer.size() - 1).field('C'));
            byte[] code = ByteBuffer.allocate(4).putInt(PgClient.CANCEL_REQUEST).array();
            String sent = new String(wire.recorded(Direction.TO_SERVER), ISO_8859_1);
            assertFalse(sent.contains(new String(code, ISO_8859_1)), "a cancel request in the clear");
        }
    }

    @Test
    void aServerThatCannotBeTrustedIsToldNothing() throws Exception {
        Certificates others = Certificates.in(Files.createDirectory(directory.resolve("others")));
        Map<String, Certificates.Issued> untrusted = new LinkedHashMap<>();
        untrusted.put("unknown authority", others.server(Front.NAME));
        untrusted.put("another host's", certificates.server("elsewhere.example"));
        untrusted.put("expired", certificates.expiredServer(Front.NAME));
        untrusted.put("not yet valid", certificates.notYetValidServer(Front.NAME));
        untrusted.put("for clients only", certificates.wrongPurposeServer(Front.NAME));
        untrusted.put("name as common name only", certificates.namelessServer(Front.NAME));
        for (Map.Entry<String, Certificates.Issued> each : untrusted.entrySet()) {
            try (TlsInTheMiddle listener = TlsInTheMiddle.alone(each.getValue());
                    Ambassador ambassador = front(listener.port())) {
                PgClient.Message error = refusal(ambassador);
                assertEquals("08001", error.field('C'), each.getKey() + ": " + error);
                assertTrue(error.field('M').startsWith("ambassador: no endpoint could be trusted"), error.toString());
                await().until(() -> listener.open() == 0);
                assertEquals(0, listener.told().length, each.getKey());
            }
        }
    }

    /** Neither a server without TLS nor one that puts words before it hears of a user. */
    @Test
    void aServerWithoutTlsIsToldNothing() throws Exception {
        List<byte[]> answers = List.of(
                new byte[] {'N'},
                new byte[] {'E', 0, 0, 0, 5, 0},
                new byte[] {'S', 'R', 0, 0, 0, 8, 0, 0, 0, 0},
                new byte[] {'R', 0, 0, 0, 8, 0, 0, 0, 0},
                new byte[] {0},
                new byte[0]);
        for (byte[] answer : answers) {
            ScriptedServer.Script script = connection -> {
                connection.in().readNBytes(8);
                connection.out().write(answer);
                if (answer.length > 0) {
                    connection.awaitClose();
                }
            };
            try (ScriptedServer server = ScriptedServer.start(script);
                    Ambassador ambassador = front(server.port())) {
                PgClient.Message error = refusal(ambassador);
                assertEquals('E', error.type(), Arrays.toString(answer));
                await().until(() -> server.open() == 0);
                byte[] received = server.received();
                for (int i = 0; i < received.length; i += SSL_REQUEST.length) {
                    byte[] one = Arrays.copyOfRange(received, i, Math.min(received.length, i + SSL_REQUEST.length));
                    assertArrayEquals(SSL_REQUEST, one, Arrays.toString(answer));
                }
            }
        }
        try (PostgresServer plain = Front.server().start();
                Ambassador ambassador = front(plain.port())) {
            assertEquals("57P03", refusal(ambassador).field('C'));
            assertEquals(0, plain.logged("user=app"), plain.output());
        }
    }

    /** Who holds a certificate for the server's name still cannot log in with what the ambassador says to it. */
    @Test
    void channelBindingDefeatsAManInTheMiddleWhoIsTrusted() throws Exception {
        try (PostgresServer server =
                        Front.server().tls(certificates.server(Front.NAME)).start();
                TlsInTheMiddle middle = TlsInTheMiddle.before(
                        server.port(), certificates.server(Front.NAME), UnaryOperator.identity());
                Ambassador ambassador = front(middle.port())) {
            assertEquals("08004", refusal(ambassador).field('C'), server.output());
            assertTrue(new String(middle.told(), ISO_8859_1).contains("SCRAM-SHA-256-PLUS"));
            assertTrue(server.logged("SCRAM channel binding check failed") > 0, server.output());
            assertEquals(0, server.logged("connection authenticated"), server.output());
        }
    }

    /** The man in the middle of these tests does his work: a client that binds no channel notices nothing. */
    @Test
    void withoutChannelBindingTheManInTheMiddleIsNotNoticed() throws Exception {
        try (PostgresServer server =
                        Front.server().tls(certificates.server(Front.NAME)).start();
                TlsInTheMiddle middle = TlsInTheMiddle.before(
                        server.port(), certificates.server(Front.NAME), UnaryOperator.identity())) {
            for (String binding : List.of("disable", "require")) {
                Program psql = Program.start(
                        middle.port(),
                        Map.of(
                                "PGUSER",
                                Front.USER,
                                "PGPASSWORD",
                                Front.PASSWORD,
                                "PGSSLMODE",
                                "require",
                                "PGCHANNELBINDING",
                                binding),
                        Program.psqlLine("SELECT 'in'"));
                String said = psql.output();
                if (binding.equals("disable")) {
                    assertEquals("in", said);
                } else {
                    assertTrue(said.contains("SCRAM channel binding check failed"), said);
                }
            }
        }
    }

    /** The offer of channel binding is part of what both sides sign. */
    @Test
    void theOfferOfChannelBindingCannotBeTakenAway() throws Exception {
        try (PostgresServer server =
                        Front.server().tls(certificates.server(Front.NAME)).start();
                TlsInTheMiddle middle = TlsInTheMiddle.before(
                        server.port(), certificates.server(Front.NAME), PostgresTlsIT::withoutPlus);
                Ambassador ambassador = front(middle.port())) {
            assertEquals('E', refusal(ambassador).type());
            String told = new String(middle.told(), ISO_8859_1);
            assertFalse(told.contains("SCRAM-SHA-256-PLUS"), "the offer was not taken away");
            assertEquals(0, server.logged("connection authenticated"), server.output());
        }
    }

    private static byte[] withoutPlus(byte[] said) {
        String text = new String(said, ISO_8859_1);
        if (!text.contains("SCRAM-SHA-256-PLUS\0")) {
            return said;
        }
        byte[] one = "SCRAM-SHA-256\0\0".getBytes(ISO_8859_1);
        return PgClient.typed(
                'R', ByteBuffer.allocate(4 + one.length).putInt(10).put(one).array());
    }

    @Test
    void olderTlsBindsTheChannelToo() throws Exception {
        try (PostgresServer server = Front.server()
                        .tls(certificates.server(Front.NAME))
                        .setting("ssl_max_protocol_version", "TLSv1.2")
                        .start();
                Ambassador ambassador = front(server.port())) {
            assertEquals(
                    "TLSv1.2",
                    Program.psql(ambassador, "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"));
        }
    }

    @Test
    void aClientCertificateIsShownWhereTheServerWantsOne() throws Exception {
        Certificates.Issued own = certificates.client(Front.USER);
        TlsSpec with = new TlsSpec(Front.NAME, certificates.ca(), own.certificate(), own.key());
        try (PostgresServer server = Front.server()
                .tls(certificates.server(Front.NAME), certificates.ca())
                .start()) {
            try (Ambassador ambassador = Front.of(
                    service -> service.credentials(credentials).tls(with).health(Front.unprobed()), server.port())) {
                assertEquals(
                        "/CN=" + Front.USER,
                        Program.psql(ambassador, "SELECT client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()"));
            }
            try (Ambassador ambassador = front(server.port())) {
                assertEquals('E', refusal(ambassador).type());
                assertEquals(1, server.logged("connection authorized: user=app"), server.output());
            }
        }
    }

    private Ambassador front(int port) throws Exception {
        return Front.of(
                service -> service.credentials(credentials)
                        .tls(Front.trusting(certificates))
                        .health(Front.unprobed()),
                port);
    }

    private static PgClient.Message refusal(Ambassador ambassador) {
        try (PgClient client = PgClient.connect(ambassador.address(Front.SERVICE))) {
            client.send(PgClient.startup("user", Front.CLIENT_USER, "database", Front.DATABASE));
            PgClient.Message error = client.read();
            assertTrue(client.isClosedByServer());
            return error;
        }
    }
}
