package io.ambassador.auth.postgresql;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.service.Credentials;
import io.ambassador.testkit.FaultRelay;
import io.ambassador.testkit.FaultRelay.Direction;
import io.ambassador.testkit.PgClient;
import io.ambassador.testkit.PostgresServer;
import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Clients that speak PostgreSQL badly, or something else: they are let go, and harm nobody. */
class HostileClientIT {
    private static final byte[] STARTUP = PgClient.startup("user", Front.CLIENT_USER, "database", Front.DATABASE);

    @TempDir
    static Path directory;

    private static PostgresServer server;
    private static FaultRelay wire;
    private static Ambassador ambassador;

    @BeforeAll
    static void start() throws Exception {
        Credentials credentials = Front.credentials(directory);
        server = Front.server().start();
        wire = FaultRelay.to(server.port());
        ambassador = Front.of(service -> service.credentials(credentials).health(Front.unprobed()), wire.port());
    }

    @AfterAll
    static void stop() {
        ambassador.close();
        wire.close();
        server.close();
    }

    @AfterEach
    void othersAreServedAndNothingIsLeftOpen() throws Exception {
        assertEquals("1", Program.psql(ambassador, "SELECT 1"));
        await().until(() -> ambassador.services().get(0).activeConnections() == 0);
    }

    record Opening(String what, byte[] bytes) {
        @Override
        public String toString() {
            return what;
        }
    }

    static List<Opening> badOpenings() {
        byte[] noise = new byte[100_000];
        new Random(3).nextBytes(noise);
        noise[0] = 'x';
        ByteArrayOutputStream requests = new ByteArrayOutputStream();
        for (int i = 0; i < 10_000; i++) {
            requests.writeBytes(PgClient.untyped(i % 2 == 0 ? PgClient.SSL_REQUEST : PgClient.GSSENC_REQUEST));
        }
        return List.of(
                new Opening("noise", noise),
                new Opening("HTTP", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII)),
                new Opening("zeros", new byte[64]),
                new Opening("a length below its own", new byte[] {0, 0, 0, 3, 0, 3, 0, 0}),
                new Opening("a negative length", new byte[] {-1, -1, -1, -1, 0, 3, 0, 0}),
                new Opening("a huge length", new byte[] {0x7f, -1, -1, -1, 0, 3, 0, 0}),
                new Opening("a huge startup", PgClient.startup("user", "x".repeat(1 << 20))),
                new Opening("version 2", PgClient.untyped(131_072, new byte[288])),
                new Opening("version 4", PgClient.untyped(4 << 16, "user\0x\0\0".getBytes(StandardCharsets.US_ASCII))),
                new Opening(
                        "no end",
                        PgClient.untyped(PgClient.VERSION_3_0, "user\0x".getBytes(StandardCharsets.US_ASCII))),
                new Opening(
                        "a name without a value",
                        PgClient.untyped(PgClient.VERSION_3_0, "user\0\0".getBytes(StandardCharsets.US_ASCII))),
                new Opening("a short cancel request", PgClient.untyped(PgClient.CANCEL_REQUEST, (byte) 1)),
                new Opening("requests for encryption without end", requests.toByteArray()));
    }

    @ParameterizedTest
    @MethodSource("badOpenings")
    void aBadOpeningIsClosedAndReachesNoServer(Opening opening) {
        int dialled = wire.accepted();
        try (PgClient client = PgClient.connect(ambassador.address(Front.SERVICE))) {
            sendAll(client, opening.bytes());
            awaitEnd(client);
        }
        assertEquals(dialled, wire.accepted(), "a server was dialled");
    }

    /** The peer may close before all is written: what counts is that it does. */
    private static void sendAll(PgClient client, byte[] bytes) {
        try {
            client.send(bytes);
        } catch (UncheckedIOException closedByNow) {
            assertTrue(closedByNow.getCause() instanceof SocketException, closedByNow.toString());
        }
    }

    /** Reads to the end, in order or not. */
    private static void awaitEnd(PgClient client) {
        try {
            client.rest();
        } catch (UncheckedIOException reset) {
            assertTrue(reset.getCause() instanceof SocketException, reset.toString());
        }
    }

    /** One byte a second: PostgreSQL itself would wait a minute. */
    @Test
    void aSlowOpeningIsCutOff() throws Exception {
        List<PgClient> clients = new ArrayList<>();
        long began = System.nanoTime();
        for (int i = 0; i < 20; i++) {
            clients.add(PgClient.connect(ambassador.address(Front.SERVICE)));
        }
        for (int sent = 0; sent < STARTUP.length && sent < 9; sent++) {
            for (PgClient client : clients) {
                sendAll(client, new byte[] {STARTUP[sent]});
            }
            TimeUnit.SECONDS.sleep(1);
        }
        for (PgClient client : clients) {
            awaitEnd(client);
            client.close();
        }
        assertTrue(System.nanoTime() - began < TimeUnit.SECONDS.toNanos(20));
    }

    @Test
    void encryptionMayBeAskedForInEitherOrder() {
        for (int[] order : new int[][] {
            {PgClient.SSL_REQUEST, PgClient.GSSENC_REQUEST}, {PgClient.GSSENC_REQUEST, PgClient.SSL_REQUEST}
        }) {
            try (PgClient client = PgClient.connect(ambassador.address(Front.SERVICE))) {
                for (int request : order) {
                    assertEquals('N', client.send(PgClient.untyped(request)).answer());
                }
                assertEquals("2", first(client.send(STARTUP), "SELECT 2"));
            }
        }
    }

    private static String first(PgClient client, String query) {
        client.readTo('Z');
        client.send(PgClient.query(query));
        return client.readTo('Z').stream()
                .filter(message -> message.type() == 'D')
                .findFirst()
                .orElseThrow()
                .value();
    }

    /** What is sent ahead waits for the login, beyond 64 KiB in the client's own buffers, and arrives once, in order. */
    @Test
    void queriesSentAheadWaitForTheLogin() throws Exception {
        int queries = 10_000;
        ByteArrayOutputStream ahead = new ByteArrayOutputStream();
        ahead.writeBytes(STARTUP);
        for (int i = 0; i < queries; i++) {
            ahead.writeBytes(PgClient.query("SELECT " + i + " /* " + "x".repeat(80) + " */"));
        }
        assertTrue(ahead.size() > 1_000_000);
        wire.stall(Direction.TO_CLIENT);
        int before = wire.recorded(Direction.TO_SERVER).length;
        try (PgClient client = PgClient.connect(ambassador.address(Front.SERVICE))) {
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> client.send(ahead.toByteArray()));
            await().until(() -> wire.recorded(Direction.TO_SERVER).length > before);
            await().during(Duration.ofMillis(300))
                    .atMost(Duration.ofSeconds(10))
                    .until(() -> wire.recorded(Direction.TO_SERVER).length - before < 1_000);
            wire.resume(Direction.TO_CLIENT);
            client.readTo('Z');
            for (int i = 0; i < queries; i++) {
                PgClient.Message row = client.readTo('Z').stream()
                        .filter(message -> message.type() == 'D')
                        .findFirst()
                        .orElseThrow();
                assertEquals(Integer.toString(i), row.value());
            }
            sending.get(10, TimeUnit.SECONDS);
        } finally {
            wire.resume(Direction.TO_CLIENT);
        }
    }

    /** As {@code echo … | psql} over a tunnel does: the answer still comes. */
    @Test
    void aClientThatHasSaidAllIsAnsweredToTheEnd() {
        try (PgClient client = PgClient.connect(ambassador.address(Front.SERVICE))) {
            client.send(STARTUP);
            client.readTo('Z');
            client.send(PgClient.query("SELECT repeat('x', 5000000)"));
            client.finish();
            PgClient.Message row = client.readTo('Z').stream()
                    .filter(message -> message.type() == 'D')
                    .findFirst()
                    .orElseThrow();
            assertEquals(5_000_000, row.value().length());
            assertTrue(client.isClosedByServer());
        }
    }

    @Test
    void aClientThatLeavesAtAnyByteOfItsOpeningLeavesNothingBehind() {
        for (int length = 0; length < STARTUP.length; length++) {
            try (PgClient client = PgClient.connect(ambassador.address(Front.SERVICE))) {
                byte[] part = new byte[length];
                System.arraycopy(STARTUP, 0, part, 0, length);
                client.send(part);
                if (length % 2 == 0) {
                    client.finish();
                    awaitEnd(client);
                }
            }
        }
    }

    /** A client's password, should it send one unasked, is a message like any other: the server turns it down. */
    @Test
    void aPasswordSentUnaskedReachesNoLogin() {
        try (PgClient client = PgClient.connect(ambassador.address(Front.SERVICE))) {
            client.send(STARTUP);
            client.readTo('Z');
            client.send(PgClient.typed('p', "guess\0".getBytes(StandardCharsets.US_ASCII)));
            PgClient.Message error = client.read();
            assertEquals("08P01", error.field('C'), error.toString());
        }
    }
}
