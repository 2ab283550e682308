package io.ambassador.upstream;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.service.LimitsSpec;
import io.ambassador.testkit.ScriptedServer;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sessions that throw: their clients are closed and counted, and the one place there is becomes free again. */
class SessionDefectTest extends LineTest {
    private ScriptedServer backend;

    @BeforeEach
    void startBackend() {
        backend = ScriptedServer.start(LineServer::letIn);
    }

    @AfterEach
    void stopBackend() {
        protocol.defects.clear();
        backend.close();
    }

    private static LimitsSpec onlyOne() {
        LimitsSpec d = LimitsSpec.DEFAULT;
        return new LimitsSpec(
                1, d.connectAttempts(), d.connectTimeout(), d.loginTimeout(), null, null, d.retryBudget(), null);
    }

    private void isServedNow() {
        await().atMost(PATIENCE).ignoreExceptions().until(() -> {
            try (Socket client = connect()) {
                send(client, "HELLO k\nhere");
                return read(client, 10).equals("READY\nhere");
            }
        });
    }

    private void isClosed() throws IOException {
        try (Socket client = connect()) {
            send(client, "HELLO k\n");
            client.getInputStream().readAllBytes();
        } catch (java.net.SocketTimeoutException e) {
            throw e;
        } catch (IOException reset) {
            assertTrue(
                    String.valueOf(reset.getMessage()).toLowerCase().matches(".*(reset|broken pipe).*"),
                    reset.toString());
        }
    }

    @ParameterizedTest
    @CsvSource({"greeting, internal-error", "ready, internal-error"})
    void theClientIsClosedAndCounted(String call, String reason) throws Exception {
        serve(s -> s.limits(onlyOne()), backend.endpoint());
        protocol.defects.add(call);
        isClosed();
        await().atMost(PATIENCE).until(() -> closed(reason) == 1);
        protocol.defects.clear();
        isServedNow();
    }

    @Test
    void aRefusalThatCannotBeSaidIsAReset() throws Exception {
        serve(s -> s.limits(onlyOne()), backend.endpoint());
        protocol.defects.add("refusal");
        protocol.defects.add("greeting");
        isClosed();
        await().atMost(PATIENCE).until(() -> closed("internal-error") == 1);
        protocol.defects.clear();
        isServedNow();
    }

    @Test
    void anEndThatThrowsIsAnEnd() throws Exception {
        serve(s -> s.limits(onlyOne()), backend.endpoint());
        protocol.defects.add("ended");
        isServedNow();
        await().atMost(PATIENCE).until(() -> closed("completed") + closed("client-reset") >= 1);
        protocol.defects.clear();
        isServedNow();
    }

    @Test
    void aWarmConnectionThatCannotBeAdoptedIsClosed() throws Exception {
        protocol.commonWarmKey = "k";
        serve(s -> s.limits(LimitsSpec.DEFAULT.withPrewarm(1, Duration.ofSeconds(60))), backend.endpoint());
        await().atMost(PATIENCE)
                .until(() -> meters.get("ambassador.prewarm.idle").gauge().value() == 1);
        protocol.defects.add("adopt");
        isClosed();
        await().atMost(PATIENCE).until(() -> closed("internal-error") == 1);
        protocol.defects.clear();
        isServedNow();
        assertEquals(0, protocol.endedTwice.get());
    }
}
