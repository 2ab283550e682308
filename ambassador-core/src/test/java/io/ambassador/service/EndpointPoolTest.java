package io.ambassador.service;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.explain.AccessLog;
import io.ambassador.explain.EndReason;
import io.ambassador.explain.Event;
import io.ambassador.explain.Journal;
import io.ambassador.explain.ServiceJournal;
import io.ambassador.metrics.EndpointMeters;
import io.ambassador.service.OnChangeSpec.Action;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.balancing.BalancingPolicy;
import io.ambassador.spi.balancing.BalancingPolicyProvider;
import io.ambassador.spi.balancing.Candidate;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.ProbeResult;
import io.ambassador.spi.protocol.ServerRole;
import io.ambassador.testkit.TestPick;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class EndpointPoolTest {
    private final ScheduledExecutorService control = new ScheduledThreadPoolExecutor(1);
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final Journal events = new Journal();
    private final ServiceJournal journal = new ServiceJournal(events, "test", AccessLog.OFF);
    private final OpenConnections connections = new OpenConnections();

    @AfterEach
    void stop() {
        control.shutdownNow();
    }

    @Test
    void usesTheLowestPriorityThatHasAnybodyAvailable() throws Exception {
        EndpointPool pool = pool(Role.ANY, HealthSpec.DEFAULT, OnChangeSpec.DEFAULT);
        replace(pool, at(1, 0), at(2, 1));

        assertEquals(Set.of(1), picked(pool));

        fail(pool, 1);
        assertEquals(Set.of(2), picked(pool));

        answer(pool, 1, ServerRole.UNKNOWN);
        assertEquals(Set.of(1), picked(pool));
    }

    @Test
    void leavesOutTheUnhealthyUntilTooFewAreLeft() throws Exception {
        EndpointPool pool = pool(Role.ANY, HealthSpec.DEFAULT, OnChangeSpec.DEFAULT);
        replace(pool, at(1), at(2), at(3), at(4));

        fail(pool, 1);
        assertEquals(Set.of(2, 3, 4), picked(pool));
        fail(pool, 2);
        assertEquals(Set.of(3, 4), picked(pool), "half are available: not yet too few");
        assertFalse(pool.snapshot().panic());

        fail(pool, 3);
        assertEquals(Set.of(1, 2, 3, 4), picked(pool));
        assertTrue(pool.snapshot().panic());

        answer(pool, 1, ServerRole.UNKNOWN);
        assertEquals(Set.of(1, 4), picked(pool));
    }

    @Test
    void becomesUnhealthyAfterSoManyFailuresInARow() throws Exception {
        EndpointPool pool = pool(Role.ANY, HealthSpec.DEFAULT, OnChangeSpec.DEFAULT);
        replace(pool, at(1), at(2));
        answer(pool, 1, ServerRole.UNKNOWN);

        fail(pool, 1);
        fail(pool, 1);
        answer(pool, 1, ServerRole.UNKNOWN);
        fail(pool, 1);
        fail(pool, 1);
        assertEquals(Set.of(1, 2), picked(pool));

        fail(pool, 1);
        assertEquals(Set.of(2), picked(pool));
    }

    @Test
    void ejectsAfterFailedConnectionsAndNeverMoreThanItsShare() throws Exception {
        EndpointPool pool = pool(Role.ANY, HealthSpec.DEFAULT, OnChangeSpec.DEFAULT);
        replace(pool, at(1), at(2), at(3), at(4), at(5), at(6));
        for (int port : List.of(1, 2)) {
            failConnections(pool, port, 5);
        }
        await().untilAsserted(() -> assertEquals(Set.of(3, 4, 5, 6), picked(pool)));

        failConnections(pool, 3, 4);
        assertEquals(Set.of(3, 4, 5, 6), picked(pool), "four in a row are not five");
        failConnections(pool, 3, 1);
        await().untilAsserted(() -> assertEquals(Set.of(4, 5, 6), picked(pool)));

        failConnections(pool, 4, 5);
        await().untilAsserted(() -> assertTrue(pool.snapshot().panic()));
        assertEquals(Set.of(1, 2, 3, 4, 5, 6), picked(pool));
    }

    @Test
    void anEjectedEndpointIsTriedAgainAndComesBackWhenItServes() throws Exception {
        HealthSpec.Outlier quick = new HealthSpec.Outlier(2, Duration.ofSeconds(3), 0.5);
        EndpointPool pool = pool(Role.ANY, health(quick, Duration.ZERO), OnChangeSpec.DEFAULT);
        replace(pool, at(1), at(2));
        failConnections(pool, 1, 2);
        await().untilAsserted(() -> assertEquals(Set.of(2), picked(pool)));

        await().untilAsserted(() -> assertEquals(Set.of(1, 2), picked(pool)));
        assertTrue(member(pool, 1).ejection().tryAcquire());
        assertFalse(member(pool, 1).ejection().tryAcquire(), "one trial at a time");
        member(pool, 1).ejection().succeeded(1);
        assertTrue(member(pool, 1).ejection().tryAcquire());
        assertTrue(member(pool, 1).isAvailable());
        await().untilAsserted(() -> assertEquals(
                List.of("endpoint-ejected 127.0.0.1:1 refused", "endpoint-readmitted 127.0.0.1:1 "),
                told("endpoint-ejected", "endpoint-readmitted")));
    }

    @Test
    void tellsWhatChanges() throws Exception {
        HealthSpec usual = HealthSpec.DEFAULT;
        HealthSpec impatient = new HealthSpec(
                usual.probe(),
                usual.interval(),
                usual.timeout(),
                1,
                1,
                usual.panicThreshold(),
                usual.slowStart(),
                usual.outlier());
        EndpointPool pool = pool(Role.ANY, impatient, OnChangeSpec.DEFAULT);
        replace(pool, at(1), at(2));
        answer(pool, 1, ServerRole.PRIMARY);
        fail(pool, 1);
        fail(pool, 2);
        answer(pool, 1, ServerRole.REPLICA);
        replace(pool, at(2));
        List<String> told = events.events().stream()
                .map(event -> event.kind().word() + " " + event.subject() + " " + event.service())
                .toList();
        assertEquals(
                List.of(
                        "endpoint-added 127.0.0.1:1 test",
                        "endpoint-added 127.0.0.1:2 test",
                        "endpoint-role 127.0.0.1:1 test",
                        "endpoint-unhealthy 127.0.0.1:1 test",
                        "endpoint-unhealthy 127.0.0.1:2 test",
                        "panic  test",
                        "endpoint-healthy 127.0.0.1:1 test",
                        "endpoint-role 127.0.0.1:1 test",
                        "panic-over  test",
                        "endpoint-removed 127.0.0.1:1 test",
                        "panic  test"),
                told);
        assertEquals(
                List.of("is REPLICA, was PRIMARY"),
                events.events().stream()
                        .map(Event::detail)
                        .filter(detail -> detail.startsWith("is REPLICA"))
                        .toList());
    }

    /** Of these kinds, with subject and detail. */
    private List<String> told(String... kinds) {
        return events.events().stream()
                .filter(event -> List.of(kinds).contains(event.kind().word()))
                .map(event -> event.kind().word() + " " + event.subject() + " " + event.detail())
                .toList();
    }

    @Test
    void choosesByRole() throws Exception {
        EndpointPool primary = pool(Role.PRIMARY, HealthSpec.DEFAULT, OnChangeSpec.DEFAULT);
        replace(primary, at(1), at(2), at(3));
        assertEquals(Set.of(), picked(primary), "no role is known yet");
        assertEquals(
                "none of 3 endpoints has the role PRIMARY", primary.snapshot().reason());
        answer(primary, 1, ServerRole.REPLICA);
        answer(primary, 2, ServerRole.PRIMARY);
        assertEquals(Set.of(2), picked(primary));

        EndpointPool replica = pool(Role.PREFER_REPLICA, HealthSpec.DEFAULT, OnChangeSpec.DEFAULT);
        replace(replica, at(1), at(2));
        answer(replica, 1, ServerRole.PRIMARY);
        assertEquals(Set.of(1, 2), picked(replica));
        answer(replica, 2, ServerRole.REPLICA);
        assertEquals(Set.of(2), picked(replica));
        fail(replica, 2);
        fail(replica, 2);
        fail(replica, 2);
        assertEquals(Set.of(1), picked(replica));
    }

    @Test
    void endsConnectionsOfADemotedEndpoint() throws Exception {
        EndpointPool pool = pool(Role.PRIMARY, HealthSpec.DEFAULT, OnChangeSpec.DEFAULT);
        replace(pool, at(1), at(2));
        answer(pool, 1, ServerRole.PRIMARY);
        List<EndReason> ended = open(pool, 1);

        answer(pool, 1, ServerRole.REPLICA);

        assertEquals(List.of(EndReason.DEMOTED), ended);
    }

    @Test
    void endpointThatItsSourceCallsDemotedGetsNoConnectionsWhateverItSays() throws Exception {
        EndpointPool pool = pool(Role.PRIMARY, HealthSpec.DEFAULT, OnChangeSpec.DEFAULT);
        replace(pool, at(1, "primary"), at(2, "replica"));
        answer(pool, 1, ServerRole.PRIMARY);
        answer(pool, 2, ServerRole.REPLICA);
        List<EndReason> ended = open(pool, 1);
        assertEquals(Set.of(1), picked(pool));

        replace(pool, at(1, "replica"), at(2, "primary"));
        assertEquals(Set.of(), picked(pool), "the new primary has not confirmed it");
        assertEquals(List.of(EndReason.DEMOTED), ended);

        answer(pool, 2, ServerRole.PRIMARY);
        answer(pool, 1, ServerRole.PRIMARY);
        assertEquals(Set.of(2), picked(pool));
    }

    @Test
    void isNotSettledUntilRolesThatWereToldAreConfirmed() throws Exception {
        HealthSpec probed = HealthSpec.DEFAULT.withProbe(Catalog.load().defaultProbe("tcp"));
        EndpointPool pool = pool(Role.PRIMARY, probed, OnChangeSpec.DEFAULT);
        replace(pool, at(1, "primary"), at(2, "replica"));
        assertFalse(pool.snapshot().settled());
        answer(pool, 1, ServerRole.PRIMARY);
        answer(pool, 2, ServerRole.REPLICA);
        assertTrue(pool.snapshot().settled());

        replace(pool, at(1, "replica"), at(2, "primary"));
        assertFalse(pool.snapshot().settled());
        answer(pool, 2, ServerRole.PRIMARY);
        answer(pool, 1, ServerRole.REPLICA);
        assertTrue(pool.snapshot().settled());
    }

    @Test
    void endsConnectionsOfAnUnhealthyEndpoint() throws Exception {
        EndpointPool pool = pool(Role.ANY, HealthSpec.DEFAULT, OnChangeSpec.DEFAULT);
        replace(pool, at(1));
        List<EndReason> ended = open(pool, 1);

        fail(pool, 1);

        assertEquals(List.of(EndReason.UNHEALTHY), ended);
    }

    @Test
    void closesDrainsOrKeepsWhatARemovedEndpointServes() throws Exception {
        List<EndReason> closed = removeWith(Action.CLOSE);
        assertEquals(List.of(EndReason.REMOVED), closed);

        List<EndReason> drained = removeWith(Action.DRAIN);
        assertEquals(List.of(), drained, "not before the drain timeout");
        await().untilAsserted(() -> assertEquals(List.of(EndReason.REMOVED), drained));

        List<EndReason> kept = removeWith(Action.KEEP);
        control.submit(() -> {}).get();
        assertEquals(List.of(), kept);
    }

    @Test
    void anEndpointThatComesBackInTimeIsNotDrained() throws Exception {
        OnChangeSpec drain = new OnChangeSpec(Action.DRAIN, Action.CLOSE, Action.CLOSE, Duration.ofMillis(300));
        EndpointPool pool = pool(Role.ANY, HealthSpec.DEFAULT, drain);
        replace(pool, at(1), at(2));
        List<EndReason> ended = open(pool, 1);
        replace(pool, at(2));
        assertEquals(Set.of(2), picked(pool));

        replace(pool, at(1), at(2));
        await().pollDelay(Duration.ofMillis(600)).until(() -> true);

        assertEquals(List.of(), ended);
        assertEquals(Set.of(1, 2), picked(pool));
    }

    @Test
    void policiesSeeTheOrderOfTheSource() throws Exception {
        ServiceSpec spec = TestSpecs.with(Role.ANY, HealthSpec.DEFAULT, OnChangeSpec.DEFAULT);
        List<List<Integer>> seen = new ArrayList<>();
        EndpointPool pool = new EndpointPool(
                spec,
                candidates -> {
                    seen.add(candidates.stream()
                            .map(candidate -> candidate.endpoint().port())
                            .toList());
                    return pick -> null;
                },
                control,
                address -> new EndpointMeters(registry, "test", address),
                connections,
                journal,
                LoggerFactory.getLogger("test"));
        replace(pool, at(3), at(1), at(2));
        assertEquals(List.of(3, 1, 2), seen.get(seen.size() - 1));

        replace(pool, at(2), at(4), at(3));
        assertEquals(List.of(2, 4, 3), seen.get(seen.size() - 1));
    }

    @Test
    void weightZeroTakesNoNewConnections() throws Exception {
        EndpointPool pool = pool(Role.ANY, HealthSpec.DEFAULT, OnChangeSpec.DEFAULT);
        replace(pool, at(1), new Endpoint("127.0.0.1", 2, 0, 0, Map.of()));

        assertEquals(Set.of(1), picked(pool));
    }

    @Test
    void aNewEndpointStartsSlowlyAndReachesItsWeight() throws Exception {
        EndpointPool pool =
                pool(Role.ANY, health(HealthSpec.Outlier.DEFAULT, Duration.ofSeconds(2)), OnChangeSpec.DEFAULT);
        replace(pool, at(1));
        await().atMost(Duration.ofSeconds(10)).until(() -> member(pool, 1).weight() == 1);
        replace(pool, at(1), at(2));

        assertTrue(
                member(pool, 2).weight() * 4 < member(pool, 1).weight(),
                member(pool, 2).weight() + " of " + member(pool, 1).weight());
        await().atMost(Duration.ofSeconds(10))
                .until(() -> member(pool, 2).weight() == member(pool, 1).weight());
    }

    @Test
    void anEndpointHasMetersFromItsFirstAttemptUntilItIsRemoved() throws Exception {
        EndpointPool pool = pool(Role.ANY, HealthSpec.DEFAULT, OnChangeSpec.DEFAULT);
        replace(pool, at(1), at(2), at(3));
        assertEquals(List.of(), registry.getMeters());

        PooledEndpoint first = member(pool, 1);
        for (PooledEndpoint used : List.of(first, member(pool, 2))) {
            used.attemptBegins();
            used.meters().connected(1);
            used.attemptAbandoned();
        }
        answer(pool, 2, ServerRole.PRIMARY);
        assertEquals(2, registry.find("ambassador.connect").meters().size());
        assertEquals(3, registry.find("ambassador.endpoint.role").meters().size());

        replace(pool, at(2));
        first.meters().connected(1);
        first.meters().closed("idle");

        assertEquals(1, registry.find("ambassador.connect").meters().size());
        assertEquals(0, registry.find("ambassador.connections.closed").meters().size(), "one that comes too late");
        assertNull(registry.find("ambassador.connections.active")
                .tag("endpoint", "127.0.0.1:1")
                .gauge());
    }

    @Test
    void anEndpointThatComesAndGoesTooOftenIsHeldOutForAWhile() throws Exception {
        Duration hold = Duration.ofMillis(700);
        EndpointPool pool = pool(
                TestSpecs.with(HealthSpec.DEFAULT, null, new FlapDampingSpec(3, hold, hold, Duration.ofMinutes(1))));
        for (int i = 0; i < 2; i++) {
            replace(pool, at(1), at(2));
            replace(pool, at(2));
        }
        replace(pool, at(1), at(2));
        assertEquals(Set.of(1, 2), picked(pool), "twice is not too often");

        replace(pool, at(2));
        assertEquals(Set.of(2), picked(pool), "what goes is gone at once");
        replace(pool, at(1), at(2));

        assertEquals(ServiceStatus.Health.DAMPED, member(pool, 1).health());
        assertTrue(member(pool, 1).status().heldFor().compareTo(hold) <= 0);
        assertEquals(Set.of(2), picked(pool));
        await().untilAsserted(() -> assertEquals(Set.of(1, 2), picked(pool)));
        assertEquals(ServiceStatus.Health.HEALTHY, member(pool, 1).health());
        assertEquals(
                List.of(
                        "endpoint-damped 127.0.0.1:1 went 3 times: held out for 700ms",
                        "endpoint-undamped 127.0.0.1:1 "),
                told("endpoint-damped", "endpoint-undamped"));
    }

    @Test
    void dampingLetsInWhatItHeldOutWhenNoOtherIsLeftOrItIsTurnedOff() throws Exception {
        Duration hour = Duration.ofHours(1);
        FlapDampingSpec strict = new FlapDampingSpec(1, hour, hour, hour);
        EndpointPool pool = pool(TestSpecs.with(HealthSpec.DEFAULT, null, strict));
        replace(pool, at(1), at(2));
        replace(pool, at(2));
        replace(pool, at(1), at(2));
        assertEquals(Set.of(2), picked(pool));

        replace(pool, at(1));
        assertEquals(Set.of(1), picked(pool));
        replace(pool, at(1), at(2), at(3));
        assertEquals(Set.of(3), picked(pool));

        ServiceSpec lenient = TestSpecs.with(HealthSpec.DEFAULT, null, null);
        control.submit(() -> pool.follow(lenient, policy(lenient), true)).get();
        assertEquals(Set.of(1, 2, 3), picked(pool));
    }

    @Test
    void tellsWhenConnectionsLeaveTheOwnZone() throws Exception {
        EndpointPool pool = pool(TestSpecs.with(HealthSpec.DEFAULT, LocalitySpec.of("a"), FlapDampingSpec.DEFAULT));
        replace(pool, in(1, "a"), in(2, "a"), in(3, "b"), in(4, "b"));
        fail(pool, 1);
        assertEquals(0.7, pool.localShare(), 1e-9);
        answer(pool, 1, ServerRole.UNKNOWN);
        assertEquals(1, pool.localShare());
        replace(pool, in(3, "b"));

        assertEquals(
                List.of(
                        "spillover a 30 % of new connections go to other zones",
                        "spillover-ended a new connections stay in the zone",
                        "spillover a 100 % of new connections go to other zones"),
                told("spillover", "spillover-ended"));
    }

    private static Endpoint in(int port, String zone) {
        return new Endpoint("127.0.0.1", port, 1, 0, zone, Set.of(), Map.of());
    }

    private List<EndReason> removeWith(Action action) throws Exception {
        OnChangeSpec onChange = new OnChangeSpec(action, Action.CLOSE, Action.CLOSE, Duration.ofMillis(200));
        EndpointPool pool = pool(Role.ANY, HealthSpec.DEFAULT, onChange);
        replace(pool, at(1), at(2));
        List<EndReason> ended = open(pool, 1);
        replace(pool, at(2));
        return ended;
    }

    private EndpointPool pool(Role role, HealthSpec health, OnChangeSpec onChange) throws ConfigurationException {
        return pool(TestSpecs.with(role, health, onChange));
    }

    private EndpointPool pool(ServiceSpec spec) {
        return new EndpointPool(
                spec,
                policy(spec),
                control,
                address -> new EndpointMeters(registry, "test", address),
                connections,
                journal,
                LoggerFactory.getLogger("test"));
    }

    @SuppressWarnings("unchecked")
    private static BalancingPolicy policy(ServiceSpec spec) {
        return ((BalancingPolicyProvider<Record>) spec.balancing().provider())
                .create(spec.balancing().config());
    }

    private static HealthSpec health(HealthSpec.Outlier outlier, Duration slowStart) {
        HealthSpec base = HealthSpec.DEFAULT;
        return new HealthSpec(
                null,
                base.interval(),
                base.timeout(),
                base.unhealthyAfter(),
                base.healthyAfter(),
                base.panicThreshold(),
                slowStart,
                outlier);
    }

    private void replace(EndpointPool pool, Endpoint... endpoints) throws Exception {
        control.submit(() -> pool.replace(List.of(endpoints), "none")).get();
    }

    private void fail(EndpointPool pool, int port) throws Exception {
        control.submit(() -> pool.probed(member(pool, port), ProbeResult.unhealthy("refused")))
                .get();
    }

    private void answer(EndpointPool pool, int port, ServerRole role) throws Exception {
        control.submit(() -> pool.probed(member(pool, port), ProbeResult.healthy(role, "ok")))
                .get();
    }

    private static void failConnections(EndpointPool pool, int port, int times) {
        for (int i = 0; i < times; i++) {
            PooledEndpoint member = member(pool, port);
            assertTrue(member.ejection().tryAcquire());
            member.attemptBegins();
            member.attemptFailed("refused");
            member.ejection().failed(1, new IllegalStateException("refused"));
        }
    }

    /** Opens a connection that notes how it is ended. */
    private List<EndReason> open(EndpointPool pool, int port) {
        List<EndReason> ended = new CopyOnWriteArrayList<>();
        PooledEndpoint member = member(pool, port);
        member.attemptBegins();
        member.opened(1_000);
        connections.add(new OpenConnection() {
            @Override
            public PooledEndpoint endpoint() {
                return member;
            }

            @Override
            public void end(EndReason reason) {
                ended.add(reason);
            }
        });
        return ended;
    }

    private static PooledEndpoint member(EndpointPool pool, int port) {
        return pool.endpoints().stream()
                .filter(endpoint -> endpoint.endpoint().port() == port)
                .findAny()
                .orElseThrow();
    }

    private static Endpoint at(int port) {
        return Endpoint.of("127.0.0.1", port);
    }

    private static Endpoint at(int port, int priority) {
        return new Endpoint("127.0.0.1", port, 1, priority, Map.of());
    }

    private static Endpoint at(int port, String role) {
        return new Endpoint("127.0.0.1", port, 1, 0, Map.of(Endpoint.ROLE, role));
    }

    /** The ports that a hundred connections go to. */
    private static Set<Integer> picked(EndpointPool pool) {
        Set<Integer> ports = new TreeSet<>();
        for (int i = 0; i < 100; i++) {
            Candidate candidate = pool.snapshot().picker().pick(TestPick.from(i));
            if (candidate != null) {
                ports.add(candidate.endpoint().port());
            }
        }
        return ports;
    }
}
