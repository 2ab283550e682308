package io.ambassador.discovery.sentinel;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.discovery.sentinel.ScriptedSentinel.State;
import io.ambassador.discovery.support.Attempts;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.DiscoveryUri;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState.Absent;
import io.ambassador.spi.discovery.EndpointState.Known;
import io.ambassador.spi.discovery.EndpointState.Unreachable;
import io.ambassador.testkit.ControlThread;
import io.ambassador.testkit.EndpointSourceContract;
import io.ambassador.testkit.RecordingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Scripted sentinels, for what real ones seldom do; those are in {@code SentinelIT}. */
class SentinelSourceTest extends EndpointSourceContract {
    private final List<ScriptedSentinel> sentinels = new ArrayList<>();
    private final ControlThread control = new ControlThread();

    @TempDir
    Path folder;

    @AfterEach
    void stop() {
        sentinels.forEach(ScriptedSentinel::close);
        control.close();
    }

    @Override
    protected String type() {
        return "sentinel";
    }

    @Override
    protected Set<String> ownThreads() {
        return Set.of("ambassador-registry");
    }

    @Override
    protected MovingRegistry startRegistry() {
        ScriptedSentinel sentinel = ScriptedSentinel.start(null);
        return new MovingRegistry() {
            private long epoch;

            @Override
            public void set(Set<String> endpoints) {
                List<String> all = new ArrayList<>(new TreeSet<>(endpoints));
                epoch++;
                sentinel.switchTo(new State(epoch, all.remove(0), all, Set.of()));
            }

            @Override
            public void breakDown() {
                sentinel.breakDown();
            }

            @Override
            public void recover() {
                sentinel.recover();
            }

            @Override
            public Map<String, ?> settings() {
                return Map.of("addresses", List.of(sentinel.at()), "master", "main");
            }

            @Override
            public void close() {
                sentinel.close();
            }
        };
    }

    private ScriptedSentinel sentinel(State state) {
        ScriptedSentinel sentinel = ScriptedSentinel.start(state);
        sentinels.add(sentinel);
        return sentinel;
    }

    private RecordingListener watch(Map<String, ?> more) throws ConfigurationException {
        Map<String, Object> settings = new TreeMap<>(more);
        settings.putIfAbsent(
                "addresses", sentinels.stream().map(ScriptedSentinel::at).toList());
        settings.put("master", "main");
        SentinelProvider provider = new SentinelProvider();
        Settings parsed = Settings.of("discovery", settings);
        SentinelConfig config = provider.parse(parsed);
        parsed.throwIfWrong();
        return RecordingListener.watch(provider.create(config, control.scheduler()));
    }

    private Map<String, ?> password(String password) throws IOException {
        Path file = Files.writeString(folder.resolve("password"), password);
        return Map.of("password", Map.of("text-file", file.toString()));
    }

    private static Map<String, String> roles(RecordingListener seen) {
        Map<String, String> roles = new TreeMap<>();
        if (seen.last() instanceof Known known) {
            known.endpoints()
                    .forEach(endpoint ->
                            roles.put(endpoint.address(), endpoint.metadata().get(Endpoint.ROLE)));
        }
        return roles;
    }

    private void awaitRoles(RecordingListener seen, Map<String, String> roles) {
        await().atMost(patience()).untilAsserted(() -> assertEquals(roles, roles(seen), seen.all()::toString));
    }

    private void awaitUnreachable(RecordingListener seen, String why) {
        await().atMost(patience()).untilAsserted(() -> {
            Unreachable state = assertInstanceOf(Unreachable.class, seen.last(), seen.all()::toString);
            assertTrue(state.cause().getMessage().contains(why), state::toString);
        });
    }

    private static final State BEFORE = State.of(3, "127.0.0.1:7001", "127.0.0.2:7001");
    private static final State AFTER = State.of(4, "127.0.0.2:7001", "127.0.0.1:7001");
    private static final Map<String, String> ROLES_BEFORE =
            Map.of("127.0.0.1:7001", "primary", "127.0.0.2:7001", "replica");
    private static final Map<String, String> ROLES_AFTER =
            Map.of("127.0.0.1:7001", "replica", "127.0.0.2:7001", "primary");

    @Test
    void aSentinelThatIsAwayIsLookedForEverySecond() throws Exception {
        try (Attempts away = new Attempts();
                RecordingListener seen = watch(Map.of("addresses", List.of(away.address())))) {
            assertTrue(away.pauseInTheEnd() <= 1_000);
        }
    }

    @Test
    void newestEpochWinsAgainstTheMajority() throws Exception {
        sentinel(BEFORE);
        sentinel(BEFORE);
        sentinel(AFTER);
        try (RecordingListener seen = watch(Map.of())) {
            awaitRoles(seen, ROLES_AFTER);
        }
    }

    @Test
    void sentinelThatIsBehindIsNotBelievedWhenTheOthersAreGone() throws Exception {
        sentinel(BEFORE);
        ScriptedSentinel second = sentinel(AFTER);
        ScriptedSentinel third = sentinel(AFTER);
        try (RecordingListener seen = watch(Map.of())) {
            awaitRoles(seen, ROLES_AFTER);
            second.breakDown();
            third.breakDown();
            awaitUnreachable(seen, "behind");
            third.recover();
            awaitRoles(seen, ROLES_AFTER);
            assertFalse(seen.all().toString().contains("Absent"));
        }
    }

    @Test
    void olderEpochIsBelievedOfAMajority() throws Exception {
        ScriptedSentinel first = sentinel(AFTER);
        ScriptedSentinel second = sentinel(AFTER);
        sentinel(AFTER);
        try (RecordingListener seen = watch(Map.of())) {
            awaitRoles(seen, ROLES_AFTER);
            sentinels.get(2).breakDown(); // the others were set up anew
            first.switchTo(BEFORE);
            second.switchTo(BEFORE);
            awaitRoles(seen, ROLES_BEFORE);
        }
    }

    @Test
    void missingNameCountsOnlyOfAMajority() throws Exception {
        sentinel(null);
        ScriptedSentinel second = sentinel(BEFORE);
        ScriptedSentinel third = sentinel(BEFORE);
        try (RecordingListener seen = watch(Map.of())) {
            awaitRoles(seen, ROLES_BEFORE);
            second.breakDown();
            third.breakDown();
            awaitUnreachable(seen, "1 of 3");
            second.recover();
            third.recover();
            awaitRoles(seen, ROLES_BEFORE);
            second.set(null);
            third.set(null);
            await().atMost(patience()).until(() -> seen.last() instanceof Absent);
        }
    }

    @Test
    void changeThatNobodyPublishesIsFoundByAsking() throws Exception {
        ScriptedSentinel only = sentinel(BEFORE);
        try (RecordingListener seen = watch(Map.of())) {
            awaitRoles(seen, ROLES_BEFORE);
            only.set(AFTER);
            awaitRoles(seen, ROLES_AFTER);
        }
    }

    @Test
    void replicaThatEverySentinelThinksDownIsLeftOut() throws Exception {
        State down = new State(3, "127.0.0.1:7001", List.of("127.0.0.2:7001"), Set.of("127.0.0.2:7001"));
        ScriptedSentinel first = sentinel(down);
        sentinel(BEFORE);
        try (RecordingListener seen = watch(Map.of())) {
            awaitRoles(seen, ROLES_BEFORE);
            sentinels.get(1).set(down);
            first.publish("+sdown", "slave 127.0.0.2:7001 127.0.0.2 7001 @ main 127.0.0.1 7001");
            awaitRoles(seen, Map.of("127.0.0.1:7001", "primary"));
        }
    }

    @Test
    void sentinelThatHangsIsUnreachable() throws Exception {
        ScriptedSentinel only = sentinel(BEFORE);
        try (RecordingListener seen = watch(Map.of())) {
            awaitRoles(seen, ROLES_BEFORE);
            only.silent(true);
            awaitUnreachable(seen, "did not answer within");
            only.silent(false);
            awaitRoles(seen, ROLES_BEFORE);
        }
    }

    @Test
    void oneHangingSentinelKeepsNobodyWaiting() throws Exception {
        sentinel(BEFORE).silent(true);
        sentinel(BEFORE);
        sentinel(BEFORE);
        long begin = System.nanoTime();
        try (RecordingListener seen = watch(Map.of())) {
            awaitRoles(seen, ROLES_BEFORE);
            assertTrue(System.nanoTime() - begin < 1_900_000_000L, "waited for the one that hangs");
        }
    }

    @Test
    void passwordOfTheSentinelIsShownAndARefusalSaysSo() throws Exception {
        ScriptedSentinel only = sentinel(BEFORE);
        only.requirePassword("Tr0ub4dor");
        try (RecordingListener seen = watch(password("Tr0ub4dor"))) {
            awaitRoles(seen, ROLES_BEFORE);
        }
        try (RecordingListener seen = watch(password("Wr0ngb4dor"))) {
            awaitUnreachable(seen, "refuses the password (WRONGPASS)");
            assertFalse(seen.all().toString().contains("b4dor"), seen.all()::toString);
        }
        try (RecordingListener seen = watch(Map.of())) {
            awaitUnreachable(seen, "NOAUTH");
        }
    }

    @Test
    void passwordIsShownToOneThatWantsNone() throws Exception {
        sentinel(BEFORE);
        try (RecordingListener seen = watch(password("Tr0ub4dor"))) {
            awaitRoles(seen, ROLES_BEFORE);
        }
    }

    @Test
    void shortFormNamesSentinelsAndPrimary() throws Exception {
        SentinelProvider provider = new SentinelProvider();
        Settings settings = Settings.of(
                "discovery",
                provider.settingsOf(DiscoveryUri.parse("sentinels://10.0.0.1:26380,s2.example.com,[::1]/main")));
        SentinelConfig config = provider.parse(settings);
        settings.refuseUnknownKeys();
        settings.throwIfWrong();
        assertEquals("sentinels://10.0.0.1:26380,s2.example.com:26379,[::1]:26379/main", config.name());
        assertTrue(config.sentinels().stream().allMatch(sentinel -> sentinel.tls() != null));
    }
}
