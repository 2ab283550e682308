package io.ambassador.upstream;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.service.HealthSpec;
import io.ambassador.service.LimitsSpec;
import io.ambassador.service.Role;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.Probe;
import io.ambassador.spi.protocol.ProbeProvider;
import io.ambassador.spi.protocol.ProbeResult;
import io.ambassador.spi.protocol.ServerRole;
import io.ambassador.testkit.ScriptedServer;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Connections that are logged in before their clients come. */
class PrewarmTest extends LineTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    private final List<String> logins = new CopyOnWriteArrayList<>();

    private static LimitsSpec prewarm(int connections, Duration age) {
        return LimitsSpec.DEFAULT.withPrewarm(connections, age);
    }

    /** As {@link LineServer#letIn}, and remembers each login. */
    private void letIn(ScriptedServer.Connection connection) throws IOException {
        LineServer.say(connection, "WELCOME\n");
        logins.add(LineServer.line(connection.in()));
        LineServer.say(connection, "OK\n");
        LineServer.echo(connection);
    }

    private double idle() {
        return meters.get("ambassador.prewarm.idle").gauge().value();
    }

    private double clients(String outcome) {
        return meters.get("ambassador.prewarm.clients")
                .tag("outcome", outcome)
                .functionCounter()
                .count();
    }

    private void awaitIdle(int connections) {
        await().atMost(PATIENCE).untilAsserted(() -> assertEquals(connections, idle()));
    }

    private void call(String key) throws IOException {
        try (Socket client = connect()) {
            send(client, "HELLO " + key + "\nabc");
            assertEquals("READY\nabc", read(client, 9));
        }
    }

    @Test
    void clientsTakeConnectionsThatAreLoggedInAlready() throws Exception {
        protocol.commonWarmKey = "k";
        try (ScriptedServer backend = ScriptedServer.start(this::letIn)) {
            serve(s -> s.limits(prewarm(2, LONG)), backend.endpoint());
            awaitIdle(2);
            assertEquals(2, backend.accepted());
            assertEquals(0, status().endpoints().get(0).activeConnections(), "they are no clients'");
            for (int i = 0; i < 5; i++) {
                try (Socket client = connect()) {
                    send(client, "HELLO k\nabc");
                    assertEquals("READY\nabc", read(client, 9));
                    await().atMost(PATIENCE) // a login under way counts
                            .until(() -> status().endpoints().get(0).activeConnections() == 1);
                    client.shutdownOutput();
                    assertEquals(-1, client.getInputStream().read());
                }
                awaitIdle(2);
                await().atMost(PATIENCE).until(() -> status().activeConnections() == 0);
            }
            assertEquals(5, clients("taken"));
            assertEquals(0, clients("missed"));
            assertEquals(7, backend.accepted());
            assertEquals(5, protocol.adopted.size());
            assertEquals(5, status().endpoints().get(0).openedConnections());
        }
    }

    @Test
    void theKeysThatClientsCameWithLastAreKept() throws Exception {
        try (ScriptedServer backend = ScriptedServer.start(this::letIn)) {
            serve(s -> s.limits(prewarm(2, LONG)), backend.endpoint());
            call("a");
            assertEquals(1, clients("missed"));
            awaitIdle(2);
            assertEquals(List.of("LOGIN app s3cret a", "LOGIN app s3cret a", "LOGIN app s3cret a"), logins);
            call("b");
            await().atMost(PATIENCE).until(() -> logins.size() == 5);
            awaitIdle(2);
            assertEquals("LOGIN app s3cret b", logins.get(4));
            call("a");
            call("b");
            assertEquals(2, clients("taken"));
            call("c");
            await().atMost(PATIENCE).until(() -> count("c") == 2); // its own, and one beforehand
            assertEquals(3, clients("missed"));
        }
    }

    private long count(String key) {
        return logins.stream().filter(login -> login.endsWith(" " + key)).count();
    }

    @Test
    void oneThatIsSentAByteIsOfNoUse() throws Exception {
        CountDownLatch speak = new CountDownLatch(1);
        AtomicInteger connections = new AtomicInteger();
        protocol.commonWarmKey = "k";
        try (ScriptedServer backend = ScriptedServer.start(connection -> {
            if (connections.incrementAndGet() > 1) {
                letIn(connection);
                return;
            }
            LineServer.say(connection, "WELCOME\n");
            LineServer.line(connection.in());
            LineServer.say(connection, "OK\n");
            waitFor(speak);
            LineServer.say(connection, "!");
            connection.awaitClose();
        })) {
            serve(s -> s.limits(prewarm(1, LONG)), backend.endpoint());
            awaitIdle(1);
            speak.countDown();
            await().atMost(PATIENCE).until(() -> connections.get() == 2);
            awaitIdle(1);
            assertEquals(1, backend.open());
            call("k");
            assertEquals(1, clients("taken"));
        }
    }

    @Test
    void oneThatComesWithAByteAfterTheLoginIsOfNoUse() throws Exception {
        protocol.commonWarmKey = "k";
        try (ScriptedServer backend = ScriptedServer.start(connection -> {
            LineServer.say(connection, "WELCOME\n");
            LineServer.line(connection.in());
            LineServer.say(connection, "OK\n!");
            connection.awaitClose();
        })) {
            serve(s -> s.limits(prewarm(4, LONG)), backend.endpoint());
            await().atMost(PATIENCE).until(() -> backend.accepted() > 0 && backend.open() == 0);
            await().during(Duration.ofMillis(500)).atMost(PATIENCE).until(() -> backend.accepted() <= 2);
            assertEquals(0, idle());
        }
    }

    @Test
    void oneThatTheBackendClosesIsReplaced() throws Exception {
        protocol.commonWarmKey = "k";
        try (ScriptedServer backend = ScriptedServer.start(this::letIn)) {
            serve(s -> s.limits(prewarm(2, LONG)), backend.endpoint());
            awaitIdle(2);
            backend.resetAll();
            await().atMost(PATIENCE).until(() -> backend.accepted() == 4);
            awaitIdle(2);
            call("k");
            assertEquals(1, clients("taken"));
        }
    }

    @Test
    void oneThatGrowsOldIsReplaced() throws Exception {
        protocol.commonWarmKey = "k";
        try (ScriptedServer backend = ScriptedServer.start(this::letIn)) {
            serve(s -> s.limits(prewarm(2, Duration.ofMillis(300))), backend.endpoint());
            await().atMost(PATIENCE).until(() -> backend.accepted() >= 6);
            assertTrue(backend.open() <= 3, "old ones stay open");
        }
    }

    @Test
    void thoseOfAnEndpointThatIsGoneAreClosed() throws Exception {
        AtomicReference<EndpointSource.Listener> discovery = new AtomicReference<>();
        protocol.commonWarmKey = "k";
        try (ScriptedServer old = ScriptedServer.start(this::letIn);
                ScriptedServer newer = ScriptedServer.start(this::letIn)) {
            serve(s -> s.limits(prewarm(2, LONG)).discover(listener -> {
                discovery.set(listener);
                listener.onState(new EndpointState.Known(Set.of(old.endpoint())));
                return () -> {};
            }));
            awaitIdle(2);
            discovery.get().onState(new EndpointState.Known(Set.of(newer.endpoint())));
            await().atMost(PATIENCE).until(() -> old.open() == 0 && newer.open() == 2);
            call("k");
            assertEquals(2, old.accepted());
        }
    }

    enum Change {
        UNHEALTHY(ProbeResult.unhealthy("the test says so")),
        DEMOTED(ProbeResult.healthy(ServerRole.REPLICA, "the test says so"));

        private final ProbeResult result;

        Change(ProbeResult result) {
            this.result = result;
        }
    }

    @ParameterizedTest
    @EnumSource
    void thoseOfAnEndpointThatMayNotServeAreClosed(Change change) throws Exception {
        ToldProbe probe = new ToldProbe();
        protocol.commonWarmKey = "k";
        try (ScriptedServer backend = ScriptedServer.start(connection -> {
                    LineServer.say(connection, "ROLE primary\n");
                    letIn(connection);
                });
                ScriptedServer other = ScriptedServer.start(this::letIn)) {
            HealthSpec often = new HealthSpec(
                    new Configured<>(probe, new ToldProbe.Config()),
                    Duration.ofMillis(50),
                    Duration.ofSeconds(5),
                    1,
                    1,
                    0,
                    Duration.ZERO,
                    null);
            serve(s -> s.limits(prewarm(1, LONG)).role(Role.PRIMARY).health(often), backend.endpoint());
            awaitIdle(1);
            probe.result = change.result;
            awaitIdle(0);
            assertEquals(0, other.accepted());
        }
    }

    @Test
    void thoseOfAnOldSecretAreReplaced() throws Exception {
        protocol.commonWarmKey = "k";
        try (ScriptedServer backend = ScriptedServer.start(this::letIn)) {
            serve(s -> s.limits(prewarm(2, LONG)), backend.endpoint());
            awaitIdle(2);
            secret.password = "n3w";
            await().atMost(PATIENCE)
                    .until(() ->
                            logins.stream().filter("LOGIN app n3w k"::equals).count() == 2);
            await().atMost(PATIENCE).until(() -> backend.open() == 2);
            awaitIdle(2);
        }
    }

    @Test
    void aPasswordThatIsRefusedIsNotTriedAgainAndAgain() throws Exception {
        protocol.commonWarmKey = "k";
        try (ScriptedServer backend = ScriptedServer.start(connection -> {
            LineServer.say(connection, "WELCOME\n");
            String login = LineServer.line(connection.in());
            logins.add(login);
            LineServer.say(connection, login.contains("right") ? "OK\n" : "NO\n");
            connection.awaitClose();
        })) {
            serve(s -> s.limits(prewarm(4, LONG)), backend.endpoint());
            await().atMost(PATIENCE).until(() -> logins.size() == 1);
            await().during(Duration.ofMillis(2_500)).atMost(PATIENCE).until(() -> logins.size() == 1);
            secret.password = "right";
            awaitIdle(4);
            assertEquals(5, logins.size());
        }
    }

    @Test
    void aBackendThatFailsIsLeftAloneForAWhile() throws Exception {
        protocol.commonWarmKey = "k";
        try (ScriptedServer backend = ScriptedServer.start(connection -> LineServer.answer(connection, "BUSY"))) {
            serve(s -> s.limits(prewarm(4, LONG)), backend.endpoint());
            await().atMost(PATIENCE).until(() -> backend.accepted() >= 1);
            await().during(Duration.ofMillis(2_000)).atMost(PATIENCE).until(() -> backend.accepted() <= 3);
        }
    }

    @Test
    void aKeyThatIsDeclinedIsForgotten() throws Exception {
        try (ScriptedServer backend = ScriptedServer.start(connection -> {
            LineServer.say(connection, "WELCOME\n");
            String login = LineServer.line(connection.in());
            logins.add(login);
            LineServer.say(connection, login.endsWith("wrong") ? "DECLINED\n" : "OK\n");
            LineServer.echo(connection);
        })) {
            serve(s -> s.limits(prewarm(2, LONG)), backend.endpoint());
            try (Socket client = connect()) {
                send(client, "HELLO wrong\n");
                assertTrue(LineServer.line(client.getInputStream()).startsWith("ERR DECLINED "));
            }
            call("right");
            awaitIdle(2);
            assertTrue(count("wrong") <= 2, logins::toString);
        }
    }

    @Test
    void aTargetIsNeverReplacedByOneThatWaits() throws Exception {
        protocol.commonWarmKey = "k";
        try (ScriptedServer backend = ScriptedServer.start(this::letIn)) {
            serve(s -> s.limits(prewarm(1, LONG)), backend.endpoint());
            awaitIdle(1);
            protocol.target = backend.endpoint();
            call("k");
            assertEquals(0, clients("taken"));
            assertEquals(2, backend.accepted());
            protocol.target = null;
        }
    }

    @Test
    void noneAreLeftWhenDraining() throws Exception {
        protocol.commonWarmKey = "k";
        try (ScriptedServer backend = ScriptedServer.start(this::letIn)) {
            serve(s -> s.limits(prewarm(3, LONG)), backend.endpoint());
            awaitIdle(3);
            try (Socket client = connect()) {
                send(client, "HELLO k\nabc");
                assertEquals("READY\nabc", read(client, 9));
                ambassador.drain();
                await().atMost(PATIENCE).until(() -> backend.open() == 1);
                send(client, "still here");
                assertEquals("still here", read(client, 10));
            }
            await().atMost(PATIENCE).until(() -> backend.open() == 0);
            assertFalse(backend.accepted() > 4, "more were made");
        }
    }

    /** Says what it is told to say. */
    private static final class ToldProbe implements ProbeProvider<ToldProbe.Config> {
        record Config() {}

        private volatile ProbeResult result = ProbeResult.healthy(ServerRole.PRIMARY, "the test says so");

        @Override
        public String type() {
            return "told";
        }

        @Override
        public Config parse(Settings settings) {
            return new Config();
        }

        @Override
        public Probe create(Config config) {
            return (promise, endpoint, login) -> new Handshake<>(promise) {
                @Override
                protected void begin(ChannelHandlerContext ctx) {
                    succeed(ctx, result);
                }

                @Override
                protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {}
            };
        }
    }
}
