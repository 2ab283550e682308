package io.ambassador.discovery.marathon;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.discovery.support.net.RegistryLoop;
import io.ambassador.spi.discovery.EndpointState.Known;
import io.ambassador.spi.discovery.EndpointState.Unreachable;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.ControlThread;
import io.ambassador.testkit.FaultRelay;
import io.ambassador.testkit.Ports;
import io.ambassador.testkit.RecordingListener;
import io.ambassador.testkit.ScriptedHttp;
import io.ambassador.testkit.ScriptedMarathon;
import java.io.IOException;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Masters that fail in every way, who may ask them, and callbacks; all scripted. */
class MarathonFaultsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final String APP = "/redis";

    private final ControlThread control = new ControlThread();
    private final ScriptedMarathon master = withApp(ScriptedMarathon.start());

    @TempDir
    Path folder;

    @AfterEach
    void stop() {
        master.close();
        control.close();
    }

    @BeforeEach
    void begin() {
        say(1);
    }

    @Test
    void anotherMasterServesWithoutAWordOfTheOutage() {
        try (ScriptedMarathon other = withApp(ScriptedMarathon.start());
                RecordingListener seen = watch(Map.of("addresses", List.of(master.address(), other.address())))) {
            other.tasks(APP, task(1));
            awaitTask(seen, 1);
            for (int i = 2; i < 6; i++) { // whichever is in use
                ScriptedMarathon down = i % 2 == 0 ? master : other;
                down.stop();
                (i % 2 == 0 ? other : master).tasks(APP, task(i));
                awaitTask(seen, i);
                down.restart();
            }
            assertTrue(
                    seen.all().stream().allMatch(Known.class::isInstance),
                    seen.all().toString());
        }
    }

    @Test
    void theRegistrysThreadEndsWhicheverIsClosedFirst() {
        RecordingListener seen = watch(Map.of());
        awaitTask(seen, 1);

        control.close();
        seen.close();

        await().atMost(PATIENCE)
                .until(() -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().startsWith(RegistryLoop.THREAD_NAME)));
    }

    @Test
    void aMasterThatHangsIsNoticedAndFollowedAgain() {
        try (RecordingListener seen = watch(Map.of())) {
            awaitTask(seen, 1);
            master.freeze();
            awaitUnreachable(seen, "did not answer within 2000 ms");
            master.tasksSecretly(APP, task(2));
            master.thaw();
            awaitTask(seen, 2);
        }
    }

    @Test
    void whatCannotBeUnderstoodIsNoAnswer() throws Exception {
        Map<String, ScriptedHttp.Script> wrong = Map.of(
                "its answer is not JSON", call -> call.say(200, "<html>Log in</html>"),
                "its answer is not an app of Marathon's", call -> call.say(200, "{\"apps\": []}"),
                "its answer is longer than 16 MiB", MarathonFaultsTest::sayTooMuch,
                "answers 503: no leader", call -> call.say(503, "no leader"));
        try (ScriptedMarathon slow = withApp(ScriptedMarathon.start())) {
            slow.instead(call -> new CountDownLatch(1).await());
            try (RecordingListener late = watch(Map.of("addresses", List.of(slow.address())));
                    RecordingListener seen = watch(Map.of())) {
                awaitTask(seen, 1);
                for (Map.Entry<String, ScriptedHttp.Script> each : wrong.entrySet()) {
                    master.instead(each.getValue());
                    master.event("status_update_event", "{\"appId\": \"" + APP + "\"}");
                    awaitUnreachable(seen, each.getKey());
                    master.instead(null);
                    awaitTask(seen, 1);
                }
                awaitUnreachable(late, "did not answer within 5000 ms");
            }
        }
    }

    @Test
    void aStreamThatMakesNoSenseIsBegunAnew() {
        try (RecordingListener seen = watch(Map.of())) {
            awaitTask(seen, 1);
            master.event("status_update_event", "this is no JSON");
            say(2);
            awaitTask(seen, 2);
            master.event("status_update_event", "x".repeat(5 << 20));
            say(3);
            awaitTask(seen, 3);
        }
    }

    @Test
    void bytesThatComeOneByOneAreEnough() {
        try (FaultRelay relay = FaultRelay.to(master.port());
                RecordingListener seen = watch(Map.of("addresses", List.of("127.0.0.1:" + relay.port())))) {
            relay.slice(FaultRelay.Direction.TO_CLIENT, 1);
            awaitTask(seen, 1);
            say(2);
            awaitTask(seen, 2);
            relay.reset();
            say(3);
            awaitTask(seen, 3);
        }
    }

    @Test
    void passwordsAndTokensAreShownAndReadAnew() throws Exception {
        Path secret = Files.writeString(folder.resolve("secret"), "pass:wörd");
        Map<String, ?> file = Map.of("text-file", secret.toString());
        master.authorization("Basic " + Base64.getEncoder().encodeToString("bob:pass:wörd".getBytes(UTF_8)));
        try (RecordingListener seen = watch(Map.of("username", "bob", "password", file))) {
            awaitTask(seen, 1);
        }
        try (RecordingListener seen = watch(Map.of())) {
            awaitUnreachable(seen, "answers 401: {\"message\":\"Invalid username or password.\"}");
        }
        master.authorization("token=t-1");
        try (RecordingListener seen = watch(Map.of("token", file))) {
            awaitUnreachable(seen, "answers 401");
            Files.writeString(secret, "t-1");
            awaitTask(seen, 1);
            assertFalse(seen.all().toString().contains("pass:"), seen.all().toString());
        }
    }

    @Test
    void mastersAreVerified() throws Exception {
        Certificates authority = Certificates.in(Files.createDirectory(folder.resolve("right")));
        Certificates wrong = Certificates.in(Files.createDirectory(folder.resolve("wrong")));
        try (ScriptedMarathon secured = withApp(ScriptedMarathon.startTls(authority.server("127.0.0.1")))) {
            secured.tasks(APP, task(7));
            List<String> addresses = List.of(secured.address());
            try (RecordingListener right = watch(Map.of(
                            "addresses",
                            addresses,
                            "tls",
                            Map.of("ca", authority.ca().toString())));
                    RecordingListener refused = watch(Map.of(
                            "addresses",
                            addresses,
                            "tls",
                            Map.of("ca", wrong.ca().toString())))) {
                awaitTask(right, 7);
                awaitUnreachable(refused, "TLS failed");
            }
        }
    }

    @Test
    void eventsArePostedToACallback() throws Exception {
        String url = "http://127.0.0.1:" + Ports.free() + "/events";
        try (RecordingListener seen = watch(Map.of("callback", Map.of("url", url)));
                RecordingListener second = watch(Map.of("callback", Map.of("url", url), "health", "any"))) {
            awaitTask(seen, 1);
            assertEquals(Set.of(url), master.callbacks());
            assertFalse(
                    master.calls().toString().contains("/v2/events"),
                    master.calls().toString());
            say(2);
            awaitTask(seen, 2);
            awaitTask(second, 2); // which takes nothing away from the first
            assertEquals(400, post(url, "this is no JSON"));
            assertEquals(200, post(url, "{\"appId\": \"/nobody\"}"));
            master.stop();
            await().atMost(PATIENCE).until(() -> seen.last() instanceof Unreachable);
            master.forgetCallbacks();
            master.restart();
            awaitTask(seen, 2);
            assertEquals(Set.of(url), master.callbacks());
            say(3);
            awaitTask(seen, 3);
        }
        await().atMost(PATIENCE).until(() -> master.callbacks().isEmpty());
        assertFalse(Ports.accepts(URI.create(url).getPort()));
    }

    @Test
    void aCallbackThatCannotListenSaysSo() throws Exception {
        String url = "http://" + master.address() + "/";
        try (RecordingListener seen = watch(Map.of("callback", Map.of("url", url)))) {
            awaitUnreachable(seen, "cannot listen");
        }
    }

    private static int post(String url, String body) throws IOException {
        HttpURLConnection connection =
                (HttpURLConnection) URI.create(url).toURL().openConnection();
        connection.setRequestMethod("POST");
        connection.setDoOutput(true);
        connection.getOutputStream().write(body.getBytes(UTF_8));
        return connection.getResponseCode();
    }

    private static void sayTooMuch(ScriptedHttp.Call call) throws IOException {
        try (OutputStream out = call.begin()) {
            byte[] block = new byte[1 << 20];
            for (int i = 0; i < 17; i++) {
                out.write(block);
            }
        }
    }

    private static ScriptedMarathon withApp(ScriptedMarathon started) {
        started.app(APP, "\"portDefinitions\": [{\"port\": 10000}]");
        return started;
    }

    private void say(int task) {
        master.tasks(APP, task(task));
    }

    private static String task(int number) {
        return MarathonSourceTest.tasks("10.0.0." + number + ":31000");
    }

    private static void awaitTask(RecordingListener seen, int number) {
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertEquals(
                        Set.of("10.0.0." + number + ":31000"), seen.addresses(), () -> String.valueOf(seen.last())));
    }

    private static void awaitUnreachable(RecordingListener seen, String why) {
        await().atMost(PATIENCE).untilAsserted(() -> {
            Unreachable last = assertInstanceOf(Unreachable.class, seen.last());
            assertTrue(last.cause().getMessage().contains(why), last.cause().getMessage());
        });
    }

    private RecordingListener watch(Map<String, ?> more) {
        Map<String, Object> values = new HashMap<>(Map.of("addresses", List.of(master.address()), "app", APP));
        values.putAll(more);
        return RecordingListener.watch(Marathons.source(values, control.scheduler()));
    }
}
