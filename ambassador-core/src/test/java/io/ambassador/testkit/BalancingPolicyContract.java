package io.ambassador.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Providers;
import io.ambassador.spi.Settings;
import io.ambassador.spi.balancing.BalancingPolicy;
import io.ambassador.spi.balancing.BalancingPolicyProvider;
import io.ambassador.spi.balancing.Candidate;
import io.ambassador.spi.balancing.Picker;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** What every balancing policy promises. Extend it, name your policy's word, and run it. */
public abstract class BalancingPolicyContract {
    private static final int PICKING_THREADS = 8;

    /** The word users write, found among the providers on the class path. */
    protected abstract String type();

    /** The policy's settings, where it has any that are needed. */
    protected Map<String, ?> settings() {
        return Map.of();
    }

    /** A new policy, as configuration makes one for each service. */
    @SuppressWarnings("unchecked") // the record came from this provider
    protected final BalancingPolicy policy() throws ConfigurationException {
        Providers<BalancingPolicyProvider<?>> providers =
                Providers.load(BalancingPolicyProvider.class, "balancing policy");
        Settings settings = Settings.of("balancing", settings());
        Configured<BalancingPolicyProvider<?>> configured = Configured.parse(providers.get(type()), settings);
        settings.throwIfWrong();
        return ((BalancingPolicyProvider<Record>) configured.provider()).create(configured.config());
    }

    @Test
    void isFoundByItsWord() throws ConfigurationException {
        assertTrue(type().matches("[a-z][a-z0-9]*(-[a-z0-9]+)*"), type());
        assertNotNull(policy());
    }

    @Test
    void refusesSettingsItDoesNotKnow() throws ConfigurationException {
        Providers<BalancingPolicyProvider<?>> providers =
                Providers.load(BalancingPolicyProvider.class, "balancing policy");
        Settings settings = Settings.of("balancing", Map.of("no-such-setting", 1));

        Configured.parse(providers.get(type()), settings);

        assertTrue(
                settings.problems().stream().anyMatch(problem -> problem.contains("no-such-setting")),
                settings.problems().toString());
    }

    @Test
    void answersNullWithoutCandidates() throws ConfigurationException {
        assertNull(policy().picker(List.of()).pick(TestPick.from(1)));
    }

    @Test
    void picksTheOnlyCandidateOnce() throws ConfigurationException {
        List<Candidate> only = List.copyOf(TestCandidate.equal(1));
        Picker picker = policy().picker(only);

        assertSame(only.get(0), picker.pick(TestPick.from(1)));
        assertNull(picker.pick(TestPick.from(1).after(only.get(0))));
    }

    @Test
    void attemptsReachEveryCandidateOnceAndThenEnd() throws ConfigurationException {
        for (int[] weights : new int[][] {{1, 1}, {1, 1, 1}, {5, 1, 1}, {1, 1000, 1, 7}, {3, 3, 3, 3, 3, 3, 3}}) {
            List<Candidate> candidates = List.copyOf(TestCandidate.ofWeights(weights));
            Picker picker = policy().picker(candidates);
            for (int client = 0; client < 200; client++) {
                TestPick pick = TestPick.from(client);
                Set<Candidate> reached = new HashSet<>();
                for (int attempt = 0; attempt < weights.length; attempt++) {
                    Candidate picked = picker.pick(pick);
                    assertNotNull(picked, "an untried candidate is left");
                    assertTrue(candidates.contains(picked), "picked one that was not given");
                    assertTrue(reached.add(picked), "picked a tried candidate again");
                    pick.after(picked);
                }
                assertNull(picker.pick(pick));
            }
        }
    }

    @Test
    void anOldPickerGoesOnServingItsOwnCandidates() throws ConfigurationException {
        BalancingPolicy policy = policy();
        List<Candidate> before = List.copyOf(TestCandidate.ofWeights(1, 2, 3));
        List<Candidate> after = List.of(new TestCandidate("10.9.9.9", 6379, 1));
        Picker old = policy.picker(before);
        Picker fresh = policy.picker(after);

        for (int client = 0; client < 100; client++) {
            assertTrue(before.contains(old.pick(TestPick.from(client))));
            assertSame(after.get(0), fresh.pick(TestPick.from(client)));
        }
    }

    @Test
    void servesEveryKindOfClient() throws ConfigurationException {
        List<Candidate> candidates = List.copyOf(TestCandidate.equal(3));
        Picker picker = policy().picker(candidates);
        List<SocketAddress> clients = List.of(
                new InetSocketAddress("127.0.0.1", 50_000),
                new InetSocketAddress("::1", 50_000),
                InetSocketAddress.createUnresolved("client.example.com", 50_000),
                UnixDomainSocketAddress.of("/run/app.sock"),
                UnixDomainSocketAddress.of(""));

        for (SocketAddress client : clients) {
            assertTrue(candidates.contains(picker.pick(new TestPick(client))), client.toString());
        }
    }

    @Test
    void measuredAndBusyCandidatesAreServedToo() throws ConfigurationException {
        List<TestCandidate> candidates = TestCandidate.ofWeights(1, 1_000_000);
        candidates.get(0).latencyNanos(1e12);
        candidates.get(1).connections(1_000_000);
        Picker picker = policy().picker(List.copyOf(candidates));

        for (int client = 0; client < 100; client++) {
            assertNotNull(picker.pick(TestPick.from(client)));
        }
    }

    @Test
    void picksOnManyThreadsWhilePickersAreRebuilt() throws Exception {
        BalancingPolicy policy = policy();
        record Built(List<Candidate> candidates, Picker picker) {}
        List<Candidate> all = List.copyOf(TestCandidate.ofWeights(1, 1, 2, 3, 5, 8, 13));
        AtomicReference<Built> current = new AtomicReference<>(new Built(all, policy.picker(all)));
        AtomicBoolean rebuilding = new AtomicBoolean(true);
        ExecutorService threads = Executors.newFixedThreadPool(PICKING_THREADS);
        try {
            List<Callable<Integer>> pickers = new ArrayList<>();
            for (int thread = 0; thread < PICKING_THREADS; thread++) {
                int seed = thread;
                pickers.add(() -> {
                    int wrong = 0;
                    for (int i = 0; i < 20_000 || rebuilding.get(); i++) {
                        Built built = current.get();
                        TestCandidate picked = (TestCandidate) built.picker().pick(TestPick.from(seed * 7919 + i));
                        if (picked == null || !built.candidates().contains(picked)) {
                            wrong++;
                            continue;
                        }
                        picked.connections(1);
                        picked.latencyNanos(1_000 + i % 1_000);
                        picked.connections(-1);
                    }
                    return wrong;
                });
            }
            List<Future<Integer>> running =
                    pickers.stream().map(threads::submit).toList();
            for (int rebuild = 0; rebuild < 5_000; rebuild++) {
                List<Candidate> some = all.subList(rebuild % 3, 4 + rebuild % 4);
                current.set(new Built(some, policy.picker(some)));
            }
            rebuilding.set(false);
            for (Future<Integer> each : running) {
                assertEquals(0, each.get(60, TimeUnit.SECONDS));
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
