package io.ambassador.discovery.consul;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.EndpointState.Known;
import io.ambassador.spi.discovery.EndpointState.Unreachable;
import io.ambassador.testkit.ControlThread;
import io.ambassador.testkit.RecordingListener;
import io.ambassador.testkit.ScriptedHttp;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a real agent seldom does, from a scripted one. */
class BlockingQueryTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final String LEADER = "/v1/status/leader";

    private final ControlThread control = new ControlThread();
    private final CountDownLatch end = new CountDownLatch(1);

    @AfterEach
    void stop() {
        end.countDown();
        control.close();
    }

    @Test
    void anIndexThatGoesBackwardsIsForgotten() {
        AtomicInteger held = new AtomicInteger();
        try (ScriptedHttp agent = ScriptedHttp.start(call -> {
            if (call.path().equals(LEADER)) {
                leader(call);
            } else if (call.query("index").isEmpty()) {
                call.with("X-Consul-Index", held.get() == 0 ? "900" : "3").say(200, instance(held.get() == 0 ? 1 : 2));
            } else if (held.incrementAndGet() == 1) {
                call.with("X-Consul-Index", "3").say(200, instance(2)); // the cluster was replaced
            } else {
                end.await();
            }
        })) {
            try (RecordingListener seen = watch(agent, Map.of())) {
                await().atMost(PATIENCE).until(() -> seen.addresses().equals(Set.of("10.0.0.2:80")));
                await().atMost(PATIENCE).until(() -> health(agent).size() >= 4);
            }
            List<String> asked = health(agent);
            assertFalse(asked.get(0).contains("index="), asked.toString());
            assertTrue(asked.get(1).contains("index=900&"), asked.toString());
            assertFalse(asked.get(2).contains("index="), asked.toString());
            assertTrue(asked.get(3).contains("index=3&"), asked.toString());
        }
    }

    @Test
    void waitsAreJitteredAndUnchangedAnswersAreNotRead() {
        try (ScriptedHttp agent = ScriptedHttp.start(call -> {
            if (call.path().equals(LEADER)) {
                leader(call);
            } else {
                boolean first = call.query("index").isEmpty();
                call.with("X-Consul-Index", "5").say(200, first ? instance(1) : "this is no JSON");
            }
        })) {
            try (RecordingListener seen = watch(agent, Map.of("wait", "10s"))) {
                await().atMost(PATIENCE).until(() -> health(agent).size() > 5);
                assertEquals(1, seen.all().size(), seen.all().toString());
            }
            List<String> waits = health(agent).stream()
                    .filter(call -> call.contains("wait="))
                    .map(call -> call.replaceAll(".*wait=(\\d+)ms.*", "$1"))
                    .toList();
            assertTrue(waits.stream()
                    .allMatch(wait -> Integer.parseInt(wait) >= 9_000 && Integer.parseInt(wait) < 10_000));
            assertTrue(waits.stream().distinct().count() > 1, waits.toString());
        }
    }

    @Test
    void failuresAreTriedAgainMoreAndMoreSeldom() {
        AtomicBoolean broken = new AtomicBoolean();
        try (ScriptedHttp agent = ScriptedHttp.start(call -> {
            if (call.path().equals(LEADER)) {
                leader(call);
            } else if (broken.get()) {
                call.say(500, "rpc error: No path to datacenter");
            } else {
                call.with("X-Consul-Index", "5").say(200, instance(1));
                broken.set(true);
            }
        })) {
            try (RecordingListener seen = watch(agent, Map.of())) {
                await().atMost(PATIENCE).until(() -> seen.last() instanceof Unreachable);
                assertEquals(
                        agent.address() + ": 500: rpc error: No path to datacenter",
                        ((Unreachable) seen.last()).cause().getMessage());
                int failed = health(agent).size();
                await().atMost(PATIENCE).until(() -> health(agent).size() > failed + 1);
                broken.set(false);
                await().atMost(PATIENCE).until(() -> seen.last() instanceof Known);
                assertEquals(Set.of("10.0.0.1:80"), seen.addresses());
                assertEquals(3, seen.all().size(), seen.all().toString());
            }
        }
    }

    @Test
    void answersThatCannotBeUnderstoodAreNoAnswer() {
        AtomicReference<String> body = new AtomicReference<>(instance(1));
        AtomicInteger index = new AtomicInteger();
        try (ScriptedHttp agent = ScriptedHttp.start(call -> {
            if (call.path().equals(LEADER)) {
                leader(call);
            } else {
                call.with("X-Consul-Index", Integer.toString(index.incrementAndGet()))
                        .say(200, body.get());
            }
        })) {
            try (RecordingListener seen = watch(agent, Map.of())) {
                for (String wrong : List.of("", "[", "{}", "[] []", "<html>", "[{\"Service\": {\"Port\": 0}}]")) {
                    await().atMost(PATIENCE).until(() -> seen.last() instanceof Known);
                    body.set(wrong);
                    await(wrong).atMost(PATIENCE).until(() -> seen.last() instanceof Unreachable);
                    body.set(instance(1));
                }
            }
        }
    }

    @Test
    void anAgentWithoutLeaderIsUnreachable() {
        AtomicBoolean leads = new AtomicBoolean();
        try (ScriptedHttp agent = ScriptedHttp.start(call -> {
            if (call.path().equals(LEADER)) {
                call.say(200, leads.get() ? "\"10.0.0.9:8300\"" : "\"\"");
            } else if (call.query("index").isEmpty()) {
                call.with("X-Consul-Index", "5").say(200, instance(1));
            } else {
                end.await();
            }
        })) {
            try (RecordingListener seen = watch(agent, Map.of())) {
                await().atMost(PATIENCE)
                        .until(() -> seen.last() instanceof Unreachable unreachable
                                && unreachable.cause().getMessage().endsWith("its cluster has no leader"));
                leads.set(true);
                await().atMost(PATIENCE).until(() -> seen.last() instanceof Known);
            }
        }
    }

    @Test
    void anAgentHoldsNoMoreThanItAccepts() {
        AtomicInteger held = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicInteger generation = new AtomicInteger(1);
        int services = 140;
        try (ScriptedHttp agent = ScriptedHttp.start(call -> {
            if (call.path().equals(LEADER)) {
                leader(call);
            } else if (call.query("index").isEmpty()) {
                call.with("X-Consul-Index", Integer.toString(generation.get())).say(200, instance(generation.get()));
            } else {
                most.accumulateAndGet(held.incrementAndGet(), Math::max);
                try {
                    end.await();
                } finally {
                    held.decrementAndGet();
                }
            }
        })) {
            List<RecordingListener> all = new ArrayList<>();
            for (int i = 0; i < services; i++) {
                all.add(watch(agent, Map.of("service", "s" + i)));
            }
            await().atMost(PATIENCE).until(() -> all.stream().allMatch(seen -> seen.last() instanceof Known));
            await().atMost(PATIENCE).until(() -> held.get() == 128);
            generation.set(2); // those that are not held hear of it all the same
            await().atMost(PATIENCE)
                    .until(() -> all.stream()
                                    .filter(seen -> seen.addresses().equals(Set.of("10.0.0.2:80")))
                                    .count()
                            >= services - 128);
            assertEquals(128, most.get());
            all.forEach(RecordingListener::close);
        }
    }

    private static List<String> health(ScriptedHttp agent) {
        return agent.calls().stream().filter(call -> !call.contains(LEADER)).toList();
    }

    private static void leader(ScriptedHttp.Call call) throws IOException {
        call.say(200, "\"10.0.0.9:8300\"");
    }

    private static String instance(int number) {
        return "[{\"Node\": {\"Address\": \"10.0.0." + number + "\"}, \"Service\": {\"Address\": \"\", \"Port\": 80}}]";
    }

    private RecordingListener watch(ScriptedHttp agent, Map<String, ?> more) {
        Map<String, Object> settings = new HashMap<>(Map.of("address", agent.address(), "service", "s"));
        settings.putAll(more);
        ConsulProvider provider = new ConsulProvider();
        return RecordingListener.watch(
                provider.create(provider.parse(Settings.of("discovery", settings)), control.scheduler()));
    }
}
