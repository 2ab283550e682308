package io.ambassador.discovery.docker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.discovery.support.Attempts;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.EndpointState.Unreachable;
import io.ambassador.testkit.ControlThread;
import io.ambassador.testkit.EndpointSourceContract;
import io.ambassador.testkit.Ports;
import io.ambassador.testkit.RecordingListener;
import io.ambassador.testkit.ScriptedHttp;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** A scripted engine; the real one is in {@code DockerIT}. */
class DockerSourceTest extends EndpointSourceContract {
    private final ScriptedEngine engine = new ScriptedEngine();

    private static final class ScriptedEngine implements AutoCloseable {
        private final int port = Ports.free();
        private final Set<OutputStream> streams = ConcurrentHashMap.newKeySet();
        private final CountDownLatch end = new CountDownLatch(1);
        private volatile String list = "[]";
        private volatile int eventsStatus = 200;
        private ScriptedHttp http = start();

        private ScriptedHttp start() {
            return ScriptedHttp.start(port, call -> {
                if (call.path().equals("/containers/json")) {
                    call.say(200, list);
                } else if (eventsStatus != 200) {
                    call.say(eventsStatus, "{\"message\":\"not for you\"}");
                } else {
                    OutputStream out = call.begin();
                    out.flush();
                    streams.add(out);
                    end.await();
                }
            });
        }

        void set(Set<String> addresses) {
            list = addresses.stream()
                    .map(address -> "{\"Id\":\"" + "ab".repeat(32) + "\",\"Names\":[\"/c\"],\"State\":\"running\","
                            + "\"Ports\":[{\"PrivatePort\":7001,\"Type\":\"tcp\"}],\"NetworkSettings\":{\"Networks\":"
                            + "{\"bridge\":{\"IPAddress\":\"" + address.substring(0, address.indexOf(':')) + "\"}}}}")
                    .collect(Collectors.joining(",", "[", "]"));
            event();
        }

        void event() {
            for (OutputStream out : streams) {
                try {
                    out.write("{\"Type\":\"container\",\"Action\":\"start\"}\n".getBytes(UTF_8));
                    out.flush();
                } catch (IOException e) {
                    streams.remove(out);
                }
            }
        }

        void breakDown() {
            http.close();
            streams.clear();
        }

        void recover() {
            http = start();
        }

        @Override
        public void close() {
            end.countDown();
            http.close();
        }
    }

    @Override
    protected String type() {
        return "docker";
    }

    @Override
    protected Set<String> ownThreads() {
        return Set.of("ambassador-registry");
    }

    @Override
    protected MovingRegistry startRegistry() {
        return new MovingRegistry() {
            @Override
            public void set(Set<String> endpoints) {
                engine.set(endpoints);
            }

            @Override
            public void breakDown() {
                engine.breakDown();
            }

            @Override
            public void recover() {
                engine.recover();
            }

            @Override
            public Map<String, ?> settings() {
                return Map.of("host", "tcp://127.0.0.1:" + engine.port, "label", "app=redis");
            }

            @Override
            public void close() {
                engine.close();
            }
        };
    }

    @Test
    void anEngineThatIsAwayIsLookedForEverySecond() throws Exception {
        DockerProvider provider = new DockerProvider();
        try (Attempts away = new Attempts();
                ControlThread control = new ControlThread()) {
            DockerConfig config = provider.parse(
                    Settings.of("discovery", Map.of("host", "tcp://" + away.address(), "label", "app=redis")));
            try (RecordingListener seen = RecordingListener.watch(provider.create(config, control.scheduler()))) {
                assertTrue(away.pauseInTheEnd() <= 1_000);
            }
        }
    }

    @Test
    void asksForNothingButListsAndEvents() throws Exception {
        try (RecordingListener seen = RecordingListener.watch(source())) {
            awaitAddresses(seen, Set.of("127.0.0.1:7001"));
        }
        List<String> calls = engine.http.calls();
        assertEquals(
                Set.of(
                        "GET /containers/json?filters={\"health\":[\"healthy\",\"none\"],\"label\":[\"app=redis\"],"
                                + "\"status\":[\"running\"]}",
                        "GET /events?filters={\"event\":[\"start\",\"die\",\"pause\",\"unpause\",\"health_status\","
                                + "\"rename\",\"connect\",\"disconnect\"],\"type\":[\"container\",\"network\"]}"),
                calls.stream()
                        .map(call -> java.net.URLDecoder.decode(call, UTF_8))
                        .collect(Collectors.toSet()));
    }

    @Test
    void changeWithoutAnEventIsFoundByAskingAgain() throws Exception {
        try (RecordingListener seen = RecordingListener.watch(source())) {
            awaitAddresses(seen, Set.of("127.0.0.1:7001"));
            engine.streams.clear(); // nobody hears the event
            engine.set(Set.of("127.0.0.2:7001"));
            awaitAddresses(seen, Set.of("127.0.0.2:7001"));
        }
    }

    @Test
    void refusalOfEventsIsSaid() throws Exception {
        engine.eventsStatus = 403;
        try (RecordingListener seen = RecordingListener.watch(source())) {
            await().atMost(patience()).until(() -> seen.last() instanceof Unreachable);
            assertTrue(
                    seen.last().toString().contains("answers 403: {\"message\":\"not for you\"} to GET /events"),
                    seen.last()::toString);
            engine.eventsStatus = 200;
            awaitAddresses(seen, Set.of("127.0.0.1:7001"));
        }
    }

    @Test
    void answerThatIsNoListIsSaid() throws Exception {
        engine.list = "{\"message\":\"page not found\"}";
        try (RecordingListener seen = RecordingListener.watch(source())) {
            await().atMost(patience()).until(() -> seen.last() instanceof Unreachable);
            assertTrue(seen.last().toString().contains("its list of containers is not a JSON array"));
        }
    }
}
