package io.ambassador.auth.postgresql;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.service.ClientTlsSpec;
import io.ambassador.service.ClientTlsSpec.Mode;
import io.ambassador.service.Credentials;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.PgClient;
import io.ambassador.testkit.PostgresServer;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** TLS between a client and its ambassador, asked for in the ways that drivers have. */
class PostgresClientTlsIT {
    @TempDir
    static Path directory;

    private static Certificates certificates;
    private static PostgresServer server;
    private static Ambassador offering;
    private static Ambassador requiring;
    private static Ambassador choosy;

    @BeforeAll
    static void start() throws Exception {
        certificates = Certificates.in(directory);
        server = Front.server().start();
        offering = front(Mode.OFFER, null);
        requiring = front(Mode.REQUIRE, null);
        choosy = front(Mode.REQUIRE, certificates.ca());
    }

    private static Ambassador front(Mode mode, Path clientCa) throws Exception {
        Credentials credentials = Front.credentials(directory);
        Certificates.Issued own = certificates.server("localhost");
        return Front.of(
                service -> service.credentials(credentials)
                        .clientTls(new ClientTlsSpec(own.certificate(), own.key(), clientCa, mode)),
                server.port());
    }

    @AfterAll
    static void stop() {
        offering.close();
        requiring.close();
        choosy.close();
        server.close();
    }

    @ParameterizedTest
    @CsvSource({
        "OFFER,disable",
        "OFFER,allow",
        "OFFER,prefer",
        "OFFER,require",
        "OFFER,verify-full",
        "REQUIRE,allow",
        "REQUIRE,prefer",
        "REQUIRE,require",
        "REQUIRE,verify-full"
    })
    void psqlIsServed(Mode mode, String sslmode) throws Exception {
        String[] line = Program.psqlLine("\\conninfo");
        String said = Program.run(mode == Mode.OFFER ? offering : requiring, verifying(sslmode), line);
        boolean encrypted = mode == Mode.REQUIRE || !sslmode.equals("disable") && !sslmode.equals("allow");
        assertEquals(encrypted, said.contains("SSL connection (protocol: TLSv1.3"), said);
    }

    @Test
    void psqlWithoutTlsIsRefusedWhereItIsRequired() throws Exception {
        Program psql = Program.start(
                requiring.address(Front.SERVICE).getPort(), verifying("disable"), Program.psqlLine("SELECT 1"));
        String said = psql.output();
        assertTrue(said.contains("FATAL:  ambassador: "), said);
        assertEquals(2, psql.exit());
    }

    /** libpq before 17 sends its cancel request in the clear, whatever its session goes over. */
    @ParameterizedTest
    @EnumSource
    void controlCStopsAnEncryptedQuery(Mode mode) throws Exception {
        Ambassador ambassador = mode == Mode.OFFER ? offering : requiring;
        Program psql = Program.start(
                ambassador, verifying("verify-full"), Program.psqlLine("SELECT pg_sleep(40), '" + mode + "'"));
        await().until(() -> server.sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'active'"
                        + " AND query LIKE 'SELECT pg_sleep(40), ''" + mode + "%'")
                .equals("1"));
        psql.interrupt();
        String said = psql.output();
        assertTrue(said.contains("ERROR:  canceling statement due to user request"), said);
    }

    @ParameterizedTest
    @ValueSource(strings = {"postgres", "direct"})
    void pgjdbcIsServedHoweverItBeginsTls(String negotiation) throws Exception {
        try (Connection connection = Front.jdbc(requiring, jdbc(negotiation));
                Statement statement = connection.createStatement()) {
            statement.execute("SELECT 1");
            statement.setQueryTimeout(1);
            SQLException late = assertThrows(SQLException.class, () -> statement.execute("SELECT pg_sleep(40)"));
            assertEquals("57014", late.getSQLState());
        }
    }

    /** As libpq 17 does with {@code sslnegotiation=direct}, which goes no further unless the server agrees. */
    @Test
    void aClientThatBeginsWithTlsIsAgreedWithOnTheProtocol() throws Exception {
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        KeyStore authority = KeyStore.getInstance(KeyStore.getDefaultType());
        authority.load(null);
        try (InputStream pem = Files.newInputStream(certificates.ca())) {
            authority.setCertificateEntry(
                    "ca", CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        trust.init(authority);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        InetSocketAddress address = requiring.address(Front.SERVICE);
        try (SSLSocket client =
                (SSLSocket) context.getSocketFactory().createSocket(address.getAddress(), address.getPort())) {
            SSLParameters parameters = client.getSSLParameters();
            parameters.setApplicationProtocols(new String[] {"postgresql"});
            client.setSSLParameters(parameters);
            client.setSoTimeout(30_000);
            client.startHandshake();

            assertEquals("postgresql", client.getApplicationProtocol());
            client.getOutputStream().write(PgClient.startup("user", Front.CLIENT_USER, "database", Front.DATABASE));
            assertEquals('R', client.getInputStream().read());
        }
    }

    @Test
    void aClientWithoutACertificateIsTurnedAwayWhereOneIsWanted() throws Exception {
        Program without = Program.start(
                choosy.address(Front.SERVICE).getPort(), verifying("verify-full"), Program.psqlLine("SELECT 1"));
        String said = without.output();
        assertEquals(2, without.exit(), said);

        Certificates.Issued own = certificates.client("billing");
        Map<String, String> with = verifying("verify-full");
        with.put("PGSSLCERT", own.certificate().toString());
        with.put("PGSSLKEY", own.key().toString());
        assertEquals("in", Program.run(choosy, with, Program.psqlLine("SELECT 'in'")));
    }

    /** What comes with the request for TLS was put there by somebody else. */
    @Test
    void wordsBehindARequestForTlsAreNotTakenForTheClients() {
        byte[] startup = PgClient.startup("user", Front.CLIENT_USER, "database", Front.DATABASE);
        byte[] request = PgClient.untyped(PgClient.SSL_REQUEST);
        byte[] both = new byte[request.length + startup.length];
        System.arraycopy(request, 0, both, 0, request.length);
        System.arraycopy(startup, 0, both, request.length, startup.length);
        long before = server.logged("connection received");
        try (PgClient client = PgClient.connect(offering.address(Front.SERVICE))) {
            client.send(both);
            String rest = new String(client.rest(), StandardCharsets.ISO_8859_1);
            assertTrue(rest.length() < 200 && !rest.contains("server_version"), rest);
        }
        assertEquals(before, server.logged("connection received"));
    }

    private static Map<String, String> verifying(String sslmode) {
        return new HashMap<>(Map.of(
                "PGSSLMODE",
                sslmode,
                "PGHOST",
                "localhost",
                "PGHOSTADDR",
                "127.0.0.1",
                "PGSSLROOTCERT",
                certificates.ca().toString()));
    }

    private static Properties jdbc(String negotiation) {
        Properties properties = new Properties();
        properties.setProperty("sslmode", "verify-ca");
        properties.setProperty("sslNegotiation", negotiation);
        properties.setProperty("sslrootcert", certificates.ca().toString());
        return properties;
    }
}
