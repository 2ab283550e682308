package io.ambassador.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.Probe;
import io.ambassador.spi.protocol.ProbeProvider;
import io.ambassador.spi.protocol.ProbeResult;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.Promise;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link ProbeProvider} promises. A subclass names the provider and plays a healthy server; the contract
 * cuts, breaks and forges what the server says.
 */
public abstract class ProbeContract {
    private static final long MAX_HELD = 1024 * 1024;

    private HandshakeClient client;

    /** As found by {@link ServiceLoader}. */
    protected abstract ProbeProvider<?> provider();

    protected Map<String, ?> settings() {
        return Map.of();
    }

    /** Plays a healthy server until the probe is answered. Not called if being connected is answer enough. */
    protected abstract void answer(ScriptedServer.Connection connection) throws IOException;

    @BeforeEach
    void openClient() {
        client = new HandshakeClient();
    }

    @AfterEach
    void closeClient() {
        client.close();
    }

    @Test
    void isFoundByItsWord() {
        assertTrue(provider().type().matches("[a-z][a-z0-9-]*"), provider().type());
        assertEquals(
                1,
                ServiceLoader.load(ProbeProvider.class).stream()
                        .filter(found -> found.type() == provider().getClass())
                        .count(),
                "META-INF/services/" + ProbeProvider.class.getName());
    }

    @Test
    void equalSettingsGiveEqualConfigurations() {
        assertEquals(config(provider()), config(provider()));
    }

    @Test
    void findsAHealthyServerHoweverItsAnswersAreCut() throws Exception {
        if (beingConnectedIsEnough()) {
            return;
        }
        try (ScriptedServer server = ScriptedServer.start(this::answerAndWait)) {
            long length = healthy(server, HandshakeClient.WHOLE);
            assertEquals(length, healthy(server, HandshakeClient.EVERY_BYTE));
            for (int offset = 1; offset < length; offset++) {
                healthy(server, HandshakeClient.cutAt(offset));
            }
        }
    }

    private long healthy(ScriptedServer server, IntPredicate cuts) throws Exception {
        try (HandshakeClient.Run<ProbeResult> run = client.run(server.address(), null, cuts, this::handler)) {
            ProbeResult result = run.result();
            assertTrue(result.healthy(), result.toString());
            assertFalse(result.detail().isBlank());
            return run.received();
        }
    }

    @Test
    void neverFindsAServerHealthyThatLeaves() throws Exception {
        neverHealthy(connection -> {});
    }

    @Test
    void neverFindsAServerHealthyThatResets() throws Exception {
        neverHealthy(ScriptedServer.Connection::reset);
    }

    @Test
    void neverFindsNoiseHealthy() throws Exception {
        neverHealthy(connection -> {
            Random random = new Random(7);
            byte[] noise = new byte[4096];
            while (true) {
                random.nextBytes(noise);
                connection.out().write(noise);
            }
        });
    }

    @Test
    void neverFindsAnEndlessLineHealthy() throws Exception {
        byte[] line = "A".repeat(4096).getBytes(UTF_8);
        neverHealthy(connection -> {
            while (true) {
                connection.out().write(line);
            }
        });
    }

    private void neverHealthy(ScriptedServer.Script script) throws Exception {
        if (beingConnectedIsEnough()) {
            return;
        }
        try (ScriptedServer server = ScriptedServer.start(script);
                HandshakeClient.Run<ProbeResult> run =
                        client.run(server.address(), null, HandshakeClient.WHOLE, this::handler)) {
            Throwable failure = run.failure();
            if (failure == null) {
                assertFalse(run.result().healthy(), run.result().toString());
            } else {
                assertNotNull(failure.getMessage(), "a failure says what happened");
                await().until(() -> !run.channel().isOpen());
            }
            assertTrue(run.receivedForOutcome() < MAX_HELD, run.receivedForOutcome() + " bytes taken");
        }
    }

    private void answerAndWait(ScriptedServer.Connection connection) throws IOException {
        answer(connection);
        connection.awaitClose();
    }

    private boolean beingConnectedIsEnough() {
        return handler(ImmediateEventExecutor.INSTANCE.newPromise()) == null;
    }

    private Handshake<ProbeResult> handler(Promise<ProbeResult> result) {
        return create(provider()).handler(result, Endpoint.of("127.0.0.1", 1), null);
    }

    private <C extends Record> Probe create(ProbeProvider<C> provider) {
        return provider.create(config(provider));
    }

    private <C extends Record> C config(ProbeProvider<C> provider) {
        Settings settings = Settings.of("test", settings());
        C config = provider.parse(settings);
        settings.refuseUnknownKeys();
        assertEquals(List.of(), settings.problems());
        return config;
    }
}
