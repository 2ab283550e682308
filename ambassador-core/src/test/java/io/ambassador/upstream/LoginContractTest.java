package io.ambassador.upstream;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.service.HealthSpec;
import io.ambassador.service.LimitsSpec;
import io.ambassador.service.Role;
import io.ambassador.service.ServiceStatus;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.Probe;
import io.ambassador.spi.protocol.ProbeProvider;
import io.ambassador.spi.protocol.ProbeResult;
import io.ambassador.spi.protocol.ServerRole;
import io.ambassador.testkit.RecordingServer;
import io.ambassador.testkit.ScriptedServer;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Greeting, dialling, login, ready, relay: what any protocol may rely on, tried with a small one. */
class LoginContractTest extends LineTest {
    /** The words said when nothing else is, so that a byte too many shows. */
    @Test
    void theClientsBytesFollowTheLoginAndTheBackendsFollowReady() throws Exception {
        try (ScriptedServer backend = ScriptedServer.start(connection -> {
            LineServer.say(connection, "WELCOME\n");
            LineServer.line(connection.in());
            LineServer.say(connection, "OK\nleft over ");
            LineServer.echo(connection);
        })) {
            serve(backend.endpoint());
            try (Socket client = connect()) {
                send(client, "HELLO k\none two");
                assertEquals("READY\nleft over one two", read(client, 23));
                send(client, " three");
                client.shutdownOutput();
                assertEquals(" three", new String(client.getInputStream().readAllBytes(), UTF_8));
            }
            assertEquals("LOGIN app s3cret k\none two three", new String(backend.received(), UTF_8));
        }
    }

    /** However the two sides' words are cut. */
    @Test
    void eachCutGivesTheSame() throws Exception {
        String opening = "HELLO k\nabc";
        for (int cut = 1; cut < opening.length(); cut++) {
            int at = cut;
            try (ScriptedServer backend = ScriptedServer.start(connection -> {
                String welcome = "WELCOME\n";
                int half = Math.min(at, welcome.length() - 1);
                LineServer.say(connection, welcome.substring(0, half));
                LineServer.say(connection, welcome.substring(half));
                LineServer.line(connection.in());
                LineServer.say(connection, "O");
                LineServer.say(connection, "K\nx");
                LineServer.echo(connection);
            })) {
                serve(backend.endpoint());
                try (Socket client = connect()) {
                    send(client, opening.substring(0, cut));
                    send(client, opening.substring(cut));
                    assertEquals("READY\nxabc", read(client, 10));
                }
                assertEquals("LOGIN app s3cret k\nabc", new String(backend.received(), UTF_8));
            }
            everySessionHasEndedOnce();
        }
    }

    @Test
    void noByteOfTheClientsIsSentOrReadBeyondABoundBeforeTheLogin() throws Exception {
        CountDownLatch letIn = new CountDownLatch(1);
        try (ScriptedServer backend = ScriptedServer.start(connection -> {
            LineServer.say(connection, "WELCOME\n");
            LineServer.line(connection.in());
            waitFor(letIn);
            LineServer.say(connection, "OK\n");
            LineServer.echo(connection);
        })) {
            serve(backend.endpoint());
            try (Socket client = connect()) {
                byte[] much = new byte[8 * 1024 * 1024];
                Arrays.fill(much, (byte) 'x');
                AtomicInteger written = new AtomicInteger();
                Thread writer = new Thread(() -> {
                    try {
                        send(client, "HELLO k\n");
                        for (int i = 0; i < much.length; i += 8192) {
                            client.getOutputStream().write(much, i, 8192);
                            written.addAndGet(8192);
                        }
                        client.shutdownOutput();
                    } catch (IOException e) {
                        written.set(-1);
                    }
                });
                writer.start();
                await().atMost(PATIENCE).until(() -> backend.received().length > 0);
                await().during(Duration.ofMillis(200)).atMost(PATIENCE).until(stops(written));
                assertTrue(written.get() < much.length, "everything was read before the login");
                assertEquals("LOGIN app s3cret k\n", new String(backend.received(), UTF_8));
                letIn.countDown();
                assertEquals("READY\n", read(client, 6));
                assertEquals(much.length, client.getInputStream().readAllBytes().length);
                writer.join(20_000);
            }
            assertEquals(19 + 8 * 1024 * 1024, backend.received().length);
        }
    }

    private static java.util.concurrent.Callable<Boolean> stops(AtomicInteger counter) {
        int[] last = {-1};
        return () -> {
            boolean same = counter.get() == last[0] && last[0] > 0;
            last[0] = counter.get();
            return same;
        };
    }

    @Test
    void anOpeningWithoutAnEndIsRefused() throws Exception {
        try (RecordingServer backend = RecordingServer.start()) {
            serve(backend.endpoint());
            try (Socket client = connect()) {
                Thread writer = new Thread(() -> {
                    try {
                        byte[] chunk = new byte[4096];
                        while (true) {
                            client.getOutputStream().write(chunk);
                        }
                    } catch (IOException e) {
                        return; // as it should be
                    }
                });
                writer.start();
                assertTrue(LineServer.line(client.getInputStream()).startsWith("ERR "));
                writer.join(20_000);
                assertFalse(writer.isAlive());
            }
            assertEquals(0, backend.accepted());
            await().atMost(PATIENCE).until(() -> closed("greeting-failed") == 1);
        }
    }

    @Test
    void aClientThatSaysNothingIsRefusedInTime() throws Exception {
        try (RecordingServer backend = RecordingServer.start()) {
            serve(s -> s.limits(LimitsSpec.DEFAULT.withGreetingTimeout(Duration.ofMillis(100))), backend.endpoint());
            try (Socket client = connect()) {
                send(client, "HEL");
                assertTrue(LineServer.line(client.getInputStream()).startsWith("ERR "));
                assertEquals(-1, client.getInputStream().read());
            }
            assertEquals(0, backend.accepted());
        }
    }

    @Test
    void aBackendThatDoesNotAnswerTheLoginIsGivenUpInTime() throws Exception {
        try (RecordingServer backend = RecordingServer.start()) {
            serve(
                    s -> s.limits(new LimitsSpec(
                            10, 1, Duration.ofSeconds(1), Duration.ofMillis(100), null, null, 0.2, null)),
                    backend.endpoint());
            try (Socket client = connect()) {
                send(client, "HELLO k\n");
                assertTrue(LineServer.line(client.getInputStream()).startsWith("ERR LOGIN_FAILED "));
            }
            await().atMost(PATIENCE).until(() -> backend.open() == 0);
        }
    }

    @Test
    void aClientMayFinishSendingWithItsOpening() throws Exception {
        try (ScriptedServer backend = ScriptedServer.start(LineServer::letIn)) {
            serve(backend.endpoint());
            try (Socket client = connect()) {
                send(client, "HELLO k\nlast words");
                client.shutdownOutput();
                assertEquals(
                        "READY\nlast words", new String(client.getInputStream().readAllBytes(), UTF_8));
            }
        }
    }

    @Test
    void aClientThatFinishesInItsOpeningIsRefused() throws Exception {
        try (ScriptedServer backend = ScriptedServer.start(LineServer::letIn)) {
            serve(backend.endpoint());
            try (Socket client = connect()) {
                send(client, "HELL");
                client.shutdownOutput();
                assertTrue(LineServer.line(client.getInputStream()).startsWith("ERR "));
            }
            assertEquals(0, backend.accepted());
        }
    }

    @Test
    void aLoginIsGivenUpWhenItsClientGoes() throws Exception {
        try (ScriptedServer backend = ScriptedServer.start(connection -> {
            LineServer.say(connection, "WELCOME\n");
            connection.awaitClose();
        })) {
            serve(
                    s -> s.limits(
                            new LimitsSpec(10, 1, Duration.ofSeconds(1), Duration.ofMinutes(5), null, null, 0.2, null)),
                    backend.endpoint());
            for (int pending : new int[] {0, 1, 200_000}) {
                Socket client = connect();
                send(client, "HELLO k\n" + "x".repeat(pending));
                await().atMost(PATIENCE).until(() -> backend.open() == 1);
                client.setSoLinger(true, 0);
                client.close();
                await().atMost(PATIENCE).until(() -> backend.open() == 0);
                await().atMost(PATIENCE).until(() -> status().activeConnections() == 0);
            }
            await().atMost(PATIENCE).until(() -> closed("client-gone") == 3);
        }
    }

    @Test
    void aClientThatResetsInItsOpeningIsForgotten() throws Exception {
        try (RecordingServer backend = RecordingServer.start()) {
            serve(backend.endpoint());
            Socket client = connect();
            send(client, "HELL");
            await().atMost(PATIENCE).until(() -> status().activeConnections() == 1);
            client.setSoLinger(true, 0);
            client.close();
            await().atMost(PATIENCE).until(() -> status().activeConnections() == 0);
            await().atMost(PATIENCE).until(() -> closed("client-gone") == 1);
            assertEquals(0, backend.accepted());
        }
    }

    /** Which is how a protocol watches what its client says. */
    @Test
    void aHandlerAddedWhenReadySeesEveryByteOfTheClients() throws Exception {
        List<String> seen = new CopyOnWriteArrayList<>();
        protocol.guard = () -> new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                seen.add(((ByteBuf) message).toString(ISO_8859_1));
                ctx.fireChannelRead(message);
            }

            @Override
            public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
                seen.add("<end>");
                ctx.fireUserEventTriggered(event);
            }
        };
        try (ScriptedServer backend = ScriptedServer.start(LineServer::letIn)) {
            serve(backend.endpoint());
            try (Socket client = connect()) {
                send(client, "HELLO k\nearly ");
                assertEquals("READY\nearly ", read(client, 12));
                send(client, "late");
                client.shutdownOutput();
                assertEquals("late", new String(client.getInputStream().readAllBytes(), UTF_8));
            }
            assertEquals("early late<end>", String.join("", seen).replaceFirst("(<end>)+$", "<end>"));
        }
    }

    /** Such as looks at a client's first command. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2 * 1024, 300_000})
    void whatCameBeforeTheLoginGoesThroughAHandlerThatLeavesAtOnce(int length) throws Exception {
        protocol.greets = false;
        protocol.filter = () -> new ChannelOutboundHandlerAdapter() {
            @Override
            public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
                ctx.write(message, promise);
                ctx.pipeline().remove(this);
            }
        };
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        for (boolean ends : new boolean[] {false, true}) {
            CountDownLatch sent = new CountDownLatch(1);
            try (ScriptedServer backend = ScriptedServer.start(connection -> {
                awaitAtMost(sent);
                LineServer.letIn(connection);
            })) {
                serve(backend.endpoint());
                try (Socket client = connect()) {
                    int early = Math.min(length, 20_000);
                    client.getOutputStream().write(bytes, 0, early);
                    if (ends && early == length) {
                        client.shutdownOutput();
                    }
                    sent.countDown();
                    if (early < length) {
                        client.getOutputStream().write(bytes, early, length - early);
                    }
                    assertArrayEquals(bytes, client.getInputStream().readNBytes(length));
                    if (!client.isOutputShutdown()) {
                        client.shutdownOutput();
                    }
                    assertEquals(-1, client.getInputStream().read());
                }
            }
            ambassador.close();
        }
    }

    private static void awaitAtMost(CountDownLatch latch) throws IOException {
        try {
            assertTrue(latch.await(20, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Test
    void theNumberAClientIsToldExplainsItselfInTheLog() throws Exception {
        PrintStream before = System.err;
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        System.setErr(new PrintStream(log, true, UTF_8));
        try (ScriptedServer backend = ScriptedServer.start(connection -> LineServer.answer(connection, "NO"))) {
            serve(backend.endpoint());
            try (Socket client = connect()) {
                send(client, "HELLO k\n");
                Matcher told = Pattern.compile("ERR LOGIN_REFUSED ([0-9a-f]{8}) (.*)")
                        .matcher(LineServer.line(client.getInputStream()));
                assertTrue(told.matches());
                String line = log.toString(UTF_8)
                        .lines()
                        .filter(each -> each.contains("[" + told.group(1) + "]"))
                        .collect(Collectors.joining());
                assertTrue(line.contains("login-refused"), line);
                assertTrue(line.contains(backend.endpoint().address()), line);
                assertTrue(line.contains("it said NO"), line);
                assertFalse(told.group(2).contains("NO"), "a word of the backend's reached the client");
                assertFalse(log.toString(UTF_8).contains("s3cret"));
            }
        } finally {
            System.setErr(before);
        }
    }

    @Test
    void aSessionWithATargetGoesThereAlone() throws Exception {
        try (ScriptedServer one = ScriptedServer.start(LineServer::letIn);
                ScriptedServer other = ScriptedServer.start(LineServer::letIn)) {
            serve(one.endpoint(), other.endpoint());
            protocol.target = other.endpoint();
            for (int i = 0; i < 4; i++) {
                try (Socket client = connect()) {
                    send(client, "HELLO k\n");
                    assertEquals("READY\n", read(client, 6));
                }
            }
            assertEquals(0, one.accepted());
            assertEquals(4, other.accepted());
        }
    }

    @Test
    void aSessionWhoseTargetIsGoneIsServedByNobodyElse() throws Exception {
        try (ScriptedServer one = ScriptedServer.start(LineServer::letIn)) {
            serve(one.endpoint());
            protocol.target = Endpoint.of("127.0.0.1", 1);
            try (Socket client = connect()) {
                send(client, "HELLO k\n");
                assertTrue(LineServer.line(client.getInputStream()).startsWith("ERR NO_ENDPOINT "));
            }
            assertEquals(0, one.accepted());
        }
    }

    /** It is one client's own doing: no other endpoint is tried, none is ejected, and the secret is not doubted. */
    @Test
    void aDeclinedSessionIsNobodysFault() throws Exception {
        try (ScriptedServer one = ScriptedServer.start(connection -> LineServer.answer(connection, "DECLINED"));
                ScriptedServer other = ScriptedServer.start(connection -> LineServer.answer(connection, "DECLINED"))) {
            serve(one.endpoint(), other.endpoint());
            int reads = secret.reads.get();
            secret.password = null; // so that a read, other than at its interval, would be told of
            for (int i = 0; i < 12; i++) {
                try (Socket client = connect()) {
                    send(client, "HELLO k\n");
                    assertTrue(LineServer.line(client.getInputStream()).startsWith("ERR DECLINED "));
                }
            }
            assertEquals(12, one.accepted() + other.accepted());
            await().atMost(PATIENCE).until(() -> closed("declined") == 12);
            assertTrue(reads > 0);
            assertTrue(status().endpoints().stream().allMatch(e -> e.health() == ServiceStatus.Health.HEALTHY));
            assertTrue(status().endpoints().stream().allMatch(e -> e.failures() == 0));
        }
    }

    @Test
    void aBusyBackendIsLeftForAnother() throws Exception {
        try (ScriptedServer busy = ScriptedServer.start(connection -> LineServer.answer(connection, "BUSY"));
                ScriptedServer free = ScriptedServer.start(LineServer::letIn)) {
            serve(busy.endpoint(), free.endpoint());
            for (int i = 0; i < 2; i++) {
                try (Socket client = connect()) {
                    send(client, "HELLO k\nhi");
                    assertEquals("READY\nhi", read(client, 8));
                }
            }
            assertTrue(busy.accepted() > 0);
        }
    }

    @Test
    void slowWorkIsDoneOnAnotherThread() throws Exception {
        AtomicInteger sum = new AtomicInteger();
        try (ScriptedServer backend = ScriptedServer.start(connection -> {
            LineServer.say(connection, "WELCOME\n");
            LineServer.line(connection.in());
            LineServer.say(connection, "SLOW\n");
            sum.set(Integer.parseInt(LineServer.line(connection.in()).substring(4)));
            LineServer.say(connection, "OK\n");
            LineServer.echo(connection);
        })) {
            serve(backend.endpoint());
            try (Socket client = connect()) {
                send(client, "HELLO k\n");
                assertEquals("READY\n", read(client, 6));
            }
            assertEquals(4, sum.get());
            assertTrue(protocol.threads.get(0).startsWith("ambassador-compute"), protocol.threads::toString);
            assertTrue(protocol.threads.get(1).startsWith("ambassador-loop"), protocol.threads::toString);
        }
    }

    @Test
    void aBackendThatIsNoLongerThePrimaryIsLeftForTheOneThatIs() throws Exception {
        try (ScriptedServer demoted = ScriptedServer.start(inRole("replica"));
                ScriptedServer promoted = ScriptedServer.start(inRole("primary"))) {
            serve(s -> s.role(Role.PRIMARY).health(oncePrimary()), demoted.endpoint(), promoted.endpoint());
            await().atMost(PATIENCE)
                    .until(() -> status().endpoints().stream().allMatch(e -> e.role() == ServerRole.PRIMARY));
            for (int i = 0; i < 2; i++) { // each has its turn to be first
                try (Socket client = connect()) {
                    send(client, "HELLO k\nhi");
                    assertEquals("READY\nhi", read(client, 8));
                }
            }
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertEquals(
                            ServerRole.REPLICA, status(demoted.endpoint()).role()));
            assertEquals(ServerRole.PRIMARY, status(promoted.endpoint()).role());
            assertFalse(new String(demoted.received(), UTF_8).contains("hi"), "a client's words reached the replica");
        }
    }

    private static HealthSpec oncePrimary() {
        return new HealthSpec(
                new Configured<>(new PrimaryProbe(), new PrimaryProbe.Config()),
                Duration.ofHours(1),
                Duration.ofSeconds(10),
                3,
                1,
                0.5,
                Duration.ZERO,
                null);
    }

    /** Believes everybody to be a primary, once in a long while. */
    private static final class PrimaryProbe implements ProbeProvider<PrimaryProbe.Config> {
        record Config() {}

        @Override
        public String type() {
            return "primary";
        }

        @Override
        public Config parse(Settings settings) {
            return new Config();
        }

        @Override
        public Probe create(Config config) {
            return (result, endpoint, login) -> new Handshake<>(result) {
                @Override
                protected void begin(ChannelHandlerContext ctx) {
                    succeed(ctx, ProbeResult.healthy(ServerRole.PRIMARY, "as every server"));
                }

                @Override
                protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {}
            };
        }
    }

    private static ScriptedServer.Script inRole(String role) {
        return connection -> {
            LineServer.say(connection, "ROLE " + role + "\n");
            LineServer.letIn(connection);
        };
    }

    private ServiceStatus.EndpointStatus status(Endpoint endpoint) {
        return status().endpoints().stream()
                .filter(each -> each.endpoint().address().equals(endpoint.address()))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aSecretReadAgainAfterARefusalIsTriedOnceMore() throws Exception {
        List<String> logins = new CopyOnWriteArrayList<>();
        try (ScriptedServer backend = ScriptedServer.start(connection -> {
            LineServer.say(connection, "WELCOME\n");
            String login = LineServer.line(connection.in());
            logins.add(login);
            secret.password = "n3w";
            LineServer.say(connection, login.contains("n3w") ? "OK\n" : "NO\n");
            LineServer.echo(connection);
        })) {
            serve(backend.endpoint());
            try (Socket client = connect()) {
                send(client, "HELLO k\n");
                assertEquals("READY\n", read(client, 6));
            }
            assertEquals(List.of("LOGIN app s3cret k", "LOGIN app n3w k"), List.copyOf(logins));
            assertNotEquals(protocol.versions.get(0), protocol.versions.get(1));
        }
    }

    @Test
    void refusedForALimitIsToldSoAndLetGo() throws Exception {
        try (ScriptedServer backend = ScriptedServer.start(LineServer::letIn)) {
            serve(
                    s -> s.limits(
                            new LimitsSpec(1, 1, Duration.ofSeconds(1), Duration.ofSeconds(5), null, null, 0.2, null)),
                    backend.endpoint());
            try (Socket first = connect();
                    Socket second = connect()) {
                send(first, "HELLO k\n");
                assertEquals("READY\n", read(first, 6));
                assertTrue(LineServer.line(second.getInputStream()).startsWith("ERR LIMIT "));
            }
        }
    }

    @Test
    void withoutCredentialsNothingIsSaidForTheClient() throws Exception {
        try (ScriptedServer backend = ScriptedServer.start(LineServer::echo)) {
            serve(s -> s.credentials(null), backend.endpoint());
            protocol.greets = false;
            try (Socket client = connect()) {
                send(client, "as it is");
                assertEquals("as it is", read(client, 8));
                client.setSoTimeout(50);
                try {
                    assertNull(client.getInputStream().read(), "a byte too many");
                } catch (SocketTimeoutException e) {
                    return; // as it should be
                }
            }
        }
    }
}
