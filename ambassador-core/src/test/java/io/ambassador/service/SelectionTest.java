package io.ambassador.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.metrics.EndpointMeters;
import io.ambassador.resilience.Ejection;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Settings;
import io.ambassador.spi.balancing.BalancingPolicy;
import io.ambassador.spi.balancing.BalancingPolicyProvider;
import io.ambassador.spi.balancing.Candidate;
import io.ambassador.spi.balancing.Picker;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.ProbeResult;
import io.ambassador.testkit.TestPick;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which endpoints get connections, and how many, by zone, priority, health, damping and the sources' weights. */
class SelectionTest {
    private static final int PICKS = 10_000;
    private static final double TOLERANCE = 0.02;
    private static final LocalitySpec ZONE_A = LocalitySpec.of("a");

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    @ParameterizedTest
    @ValueSource(strings = {"round-robin", "least-connections", "random"})
    void mergedSourcesGetTheirSharesOfConnections(String policy) throws Exception {
        Random random = new Random(3);
        for (int round = 0; round < 5; round++) {
            List<List<Endpoint>> sources = new ArrayList<>();
            List<Integer> weights = new ArrayList<>();
            for (int s = 0; s < 3; s++) {
                int first = 1 + 100 * s;
                sources.add(IntStream.range(first, first + 1 + random.nextInt(12))
                        .mapToObj(port -> new Endpoint("127.0.0.1", port, 1 + random.nextInt(5), 0, Map.of()))
                        .toList());
                weights.add(1 + random.nextInt(9));
            }
            List<PooledEndpoint> members =
                    Merge.of(sources, weights).stream().map(this::member).toList();

            Map<Integer, Double> shares = shares(
                    policy,
                    Selection.of(spec(null), members),
                    member -> member.endpoint().port() / 100);

            double total = weights.stream().mapToInt(Integer::intValue).sum();
            for (int s = 0; s < 3; s++) {
                assertEquals(weights.get(s) / total, shares.get(s), TOLERANCE, shares + " of " + weights);
            }
        }
    }

    @Test
    void theOwnZoneServesAloneWhileEnoughOfItIsAvailable() {
        List<PooledEndpoint> members = List.of(at(1, "a"), at(2, "a"), at(3, "a"), at(4, "a"), at(5, "b"), at(6, ""));
        assertEquals(Set.of(1, 2, 3, 4), used(Selection.of(spec(ZONE_A), members)));

        fail(members.get(0)); // 3 of 4 are more than 1 / 1.4

        Selection selection = Selection.of(spec(ZONE_A), members);
        assertEquals(Set.of(2, 3, 4), used(selection));
        assertEquals(1, selection.localShare());
        assertEquals(Set.of(5, 6), ports(selection.spare()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"round-robin", "least-connections", "random"})
    void connectionsSpillOverInProportion(String policy) throws Exception {
        List<PooledEndpoint> members = new ArrayList<>();
        for (int port = 1; port <= 10; port++) {
            members.add(at(port, "a"));
        }
        for (int port = 11; port <= 13; port++) {
            members.add(at(port, port == 11 ? "b" : "c"));
        }
        for (int failed = 1; failed <= 6; failed++) {
            fail(members.get(failed - 1));
            double expected = Math.min(1, 1.4 * (10 - failed) / 10);

            Selection selection = Selection.of(spec(ZONE_A), members);
            Map<String, Double> shares =
                    shares(policy, selection, member -> member.endpoint().zone());

            assertEquals(expected, selection.localShare(), 1e-9);
            assertEquals(expected, shares.get("a"), TOLERANCE, failed + " failed: " + shares);
            if (expected < 1) {
                assertEquals((1 - expected) / 3, shares.get("b"), TOLERANCE, failed + " failed: " + shares);
                assertEquals((1 - expected) * 2 / 3, shares.get("c"), TOLERANCE, failed + " failed: " + shares);
            }
        }
    }

    @Test
    void weightsCountWithinEachZone() throws Exception {
        List<PooledEndpoint> members = List.of(
                weighted(1, "a", 1),
                weighted(2, "a", 3),
                weighted(3, "a", 6),
                weighted(4, "a", 2),
                weighted(5, "b", 1),
                weighted(6, "b", 4));
        fail(members.get(2));
        fail(members.get(3));

        Map<Integer, Double> shares = shares(
                "random",
                Selection.of(spec(ZONE_A), members),
                member -> member.endpoint().port());

        assertEquals(0.7 / 4, shares.get(1), TOLERANCE);
        assertEquals(0.7 * 3 / 4, shares.get(2), TOLERANCE);
        assertEquals(0.3 / 5, shares.get(5), TOLERANCE);
        assertEquals(0.3 * 4 / 5, shares.get(6), TOLERANCE);
    }

    @Test
    void withoutAnEndpointInTheOwnZoneTheOthersServe() {
        Selection selection = Selection.of(spec(ZONE_A), List.of(at(1, "b"), at(2, "c")));

        assertEquals(Set.of(1, 2), used(selection));
        assertEquals(0, selection.localShare());
    }

    @Test
    void priorityComesBeforeTheZone() {
        PooledEndpoint preferred = at(1, "b");
        PooledEndpoint near = member(new Endpoint("127.0.0.1", 2, 1, 1, "a", Set.of(), Map.of()));
        PooledEndpoint far = member(new Endpoint("127.0.0.1", 3, 1, 1, "b", Set.of(), Map.of()));
        List<PooledEndpoint> members = List.of(preferred, near, far);
        assertEquals(Set.of(1), used(Selection.of(spec(ZONE_A), members)));

        fail(preferred);

        assertEquals(Set.of(2), used(Selection.of(spec(ZONE_A), members)));
    }

    @Test
    void inPanicZonesDoNotMatter() {
        List<PooledEndpoint> members = List.of(at(1, "a"), at(2, "a"), at(3, "b"), at(4, "b"));
        fail(members.get(0));
        fail(members.get(2));
        fail(members.get(3));

        Selection selection = Selection.of(spec(ZONE_A), members);

        assertTrue(selection.panic());
        assertEquals(Set.of(1, 2, 3, 4), used(selection));
        assertEquals(0.5, selection.localShare());
    }

    @Test
    void aConnectionThatTheOwnZoneFailsIsTriedElsewhere() throws Exception {
        PooledEndpoint near = at(1, "a");
        List<PooledEndpoint> members = List.of(near, at(2, "b"));
        Selection selection = Selection.of(spec(ZONE_A), members);
        BalancingPolicy policy = policy("round-robin");
        Picker first = selection.picker(policy);

        TestPick pick = TestPick.from(1);
        assertEquals(near, first.pick(pick));
        Candidate second = selection.retryPicker(policy, first).pick(pick.after(near));

        assertEquals(members.get(1), second);
        assertEquals(null, selection.retryPicker(policy, first).pick(pick.after(second)));
    }

    @Test
    void sharesHoldDuringSlowStartToo() throws Exception {
        HealthSpec base = HealthSpec.DEFAULT;
        HealthSpec slow = new HealthSpec(
                null,
                base.interval(),
                base.timeout(),
                base.unhealthyAfter(),
                base.healthyAfter(),
                base.panicThreshold(),
                Duration.ofHours(1),
                base.outlier());
        List<PooledEndpoint> members = List.of(at(1, "a"), at(2, "a"), at(3, "b"));
        fail(members.get(0));

        Selection selection = Selection.of(spec(ZONE_A, slow), members);

        assertTrue(selection.rising());
        assertEquals(
                0.7,
                shares("random", selection, member -> member.endpoint().zone()).get("a"),
                TOLERANCE);
    }

    @Test
    void thoseThatFlapGetNothingUnlessNoOtherIsAvailable() {
        List<PooledEndpoint> members = List.of(at(1, "a"), at(2, "a"), at(3, "b"));
        members.get(0).damp(Duration.ofHours(1));
        assertEquals(Set.of(2, 3), used(Selection.of(spec(null), members)));

        fail(members.get(1));
        assertEquals(Set.of(3), used(Selection.of(spec(ZONE_A), members)));
        fail(members.get(2));
        assertEquals(Set.of(1), used(Selection.of(spec(null, calm()), members)), "damped is better than down");

        members.get(0).undamp();
        assertEquals(Set.of(1), used(Selection.of(spec(null, calm()), members)));
    }

    /** Whatever is damped, drained or down: whoever would be used without damping, some of them still are. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void dampingNeverLeavesNobody(long seed) {
        Random random = new Random(seed);
        List<ServiceSpec> specs = List.of(spec(null), spec(ZONE_A), spec(null, calm()), spec(ZONE_A, calm()));
        for (int round = 0; round < 2_000; round++) {
            List<PooledEndpoint> members = new ArrayList<>();
            List<PooledEndpoint> undamped = new ArrayList<>();
            for (int port = 1; port <= 1 + random.nextInt(6); port++) {
                Endpoint endpoint = new Endpoint(
                        "127.0.0.1",
                        port,
                        random.nextInt(3),
                        random.nextInt(2),
                        random.nextBoolean() ? "a" : "b",
                        Set.of(),
                        Map.of());
                PooledEndpoint one = member(endpoint);
                PooledEndpoint same = member(endpoint);
                if (random.nextInt(3) == 0) {
                    fail(one);
                    fail(same);
                }
                if (random.nextBoolean()) {
                    one.damp(Duration.ofHours(1));
                }
                members.add(one);
                undamped.add(same);
            }
            ServiceSpec spec = specs.get(random.nextInt(specs.size()));

            Selection damped = Selection.of(spec, members);
            Selection free = Selection.of(spec, undamped);

            assertEquals(free.used().isEmpty(), damped.used().isEmpty(), members::toString);
            assertTrue(damped.used().stream().allMatch(member -> member.weight() > 0));
        }
    }

    /** Without panic. */
    private static HealthSpec calm() {
        HealthSpec base = HealthSpec.DEFAULT;
        return new HealthSpec(
                null,
                base.interval(),
                base.timeout(),
                base.unhealthyAfter(),
                base.healthyAfter(),
                0,
                base.slowStart(),
                base.outlier());
    }

    private static ServiceSpec spec(@Nullable LocalitySpec locality) {
        return spec(locality, HealthSpec.DEFAULT);
    }

    private static ServiceSpec spec(@Nullable LocalitySpec locality, HealthSpec health) {
        return TestSpecs.with(health, locality, FlapDampingSpec.DEFAULT);
    }

    private PooledEndpoint at(int port, String zone) {
        return weighted(port, zone, 1);
    }

    private PooledEndpoint weighted(int port, String zone, int weight) {
        return member(new Endpoint("127.0.0.1", port, weight, 0, zone, Set.of(), Map.of()));
    }

    private PooledEndpoint member(Endpoint endpoint) {
        return new PooledEndpoint(endpoint, Ejection.never(), new EndpointMeters(registry, "test", endpoint.address()));
    }

    private static void fail(PooledEndpoint member) {
        member.probed(ProbeResult.unhealthy("down"), 1, 1);
    }

    private static Set<Integer> used(Selection selection) {
        return ports(selection.used());
    }

    private static Set<Integer> ports(List<PooledEndpoint> members) {
        return members.stream().map(member -> member.endpoint().port()).collect(Collectors.toSet());
    }

    /** What came to each kind of endpoint out of connections that are open for a moment. */
    private static <K> Map<K, Double> shares(String policy, Selection selection, Function<PooledEndpoint, K> kind)
            throws Exception {
        Picker picker = selection.picker(policy(policy));
        Map<K, Double> shares = new TreeMap<>();
        for (int i = 0; i < PICKS; i++) {
            PooledEndpoint picked = (PooledEndpoint) picker.pick(TestPick.from(i));
            shares.merge(kind.apply(picked), 1.0 / PICKS, Double::sum);
        }
        return shares;
    }

    @SuppressWarnings("unchecked")
    private static BalancingPolicy policy(String type) throws Exception {
        Configured<BalancingPolicyProvider<?>> configured =
                Configured.parse(Catalog.load().policies().get(type), Settings.of("test", Map.of()));
        return ((BalancingPolicyProvider<Record>) configured.provider()).create(configured.config());
    }
}
