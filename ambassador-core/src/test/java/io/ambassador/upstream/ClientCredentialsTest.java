package io.ambassador.upstream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.service.ClientCredentials;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.testkit.ScriptedServer;
import java.io.IOException;
import java.net.Socket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of credentials that clients show. */
class ClientCredentialsTest extends LineTest {
    private final TestSecret wanted = new TestSecret("door");
    private ScriptedServer backend;

    @BeforeEach
    void startBackend() {
        backend = ScriptedServer.start(LineServer::letIn);
    }

    @AfterEach
    void stopBackend() {
        backend.close();
    }

    private boolean isServed(String opening) throws IOException {
        try (Socket client = connect()) {
            send(client, opening);
            String told = LineServer.line(client.getInputStream());
            assertTrue(told.equals("READY") || told.startsWith("ERR "), told);
            assertFalse(told.contains("door"));
            return told.equals("READY");
        }
    }

    @Test
    void anyAreAcceptedByDefaultAndGoNoFurther() throws Exception {
        serve(backend.endpoint());
        assertTrue(isServed("HELLO k\n"));
        assertTrue(isServed("AUTH whoever whatever\nHELLO k\n"));
        assertFalse(new String(backend.received(), UTF_8).contains("whatever"));
    }

    @Test
    void rejectedIsWhoeverShowsAny() throws Exception {
        serve(s -> s.clientCredentials(ClientCredentials.REJECT), backend.endpoint());
        assertTrue(isServed("HELLO k\n"));
        assertFalse(isServed("AUTH app s3cret\nHELLO k\n"));
        assertEquals(1, backend.accepted());
    }

    @Test
    void verifiedAreUserAndPassword() throws Exception {
        serve(s -> s.clientCredentials(ClientCredentials.verify("alice", wanted.configured())), backend.endpoint());
        assertTrue(isServed("AUTH alice door\nHELLO k\n"));
        for (String wrong : new String[] {
            "HELLO k\n",
            "AUTH alice doo\nHELLO k\n",
            "AUTH alice doors\nHELLO k\n",
            "AUTH alic door\nHELLO k\n",
            "AUTH app s3cret\nHELLO k\n"
        }) {
            assertFalse(isServed(wrong), wrong);
        }
        assertEquals(1, backend.accepted());
    }

    @Test
    void withoutAUserThePasswordAloneCounts() throws Exception {
        serve(s -> s.clientCredentials(ClientCredentials.verify(null, wanted.configured())), backend.endpoint());
        assertTrue(isServed("AUTH anybody door\nHELLO k\n"));
        assertFalse(isServed("AUTH anybody window\nHELLO k\n"));
    }

    @Test
    void theyFollowTheirStore() throws Exception {
        serve(s -> s.clientCredentials(ClientCredentials.verify("alice", wanted.configured())), backend.endpoint());
        assertTrue(isServed("AUTH alice door\nHELLO k\n"));
        wanted.password = "gate";
        await().atMost(PATIENCE).until(() -> isServed("AUTH alice gate\nHELLO k\n"));
        assertFalse(isServed("AUTH alice door\nHELLO k\n"));
    }

    @Test
    void nobodyIsServedWhileTheyCannotBeRead() throws Exception {
        wanted.password = null;
        serve(s -> s.clientCredentials(ClientCredentials.verify("alice", wanted.configured())), backend.endpoint());
        assertFalse(isServed("AUTH alice door\nHELLO k\n"));
        assertEquals(0, backend.accepted());
    }

    @Test
    void theyMeanNothingToAServiceThatDoesNotLogIn() {
        ConfigurationException refused = assertThrows(
                ConfigurationException.class,
                () -> serve(
                        s -> s.credentials(null).clientCredentials(ClientCredentials.REJECT),
                        Endpoint.of("127.0.0.1", 1)));
        assertTrue(refused.getMessage().startsWith("services.line.client-credentials: "), refused.getMessage());
    }

    @Test
    void printingThemShowsNoPassword() {
        assertEquals(
                "VERIFY alice",
                ClientCredentials.verify("alice", wanted.configured()).toString());
    }
}
