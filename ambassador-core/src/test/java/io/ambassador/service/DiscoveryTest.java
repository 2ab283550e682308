package io.ambassador.service;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.explain.Event;
import io.ambassador.explain.Journal;
import io.ambassador.spi.discovery.DiscoveryException;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointState;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From what sources say to which endpoints are used. */
class DiscoveryTest {
    /** A source that says what it is told to. */
    private static final class Told implements EndpointSource {
        private Listener listener = state -> {};

        @Override
        public Watch watch(Listener to) {
            listener = to;
            return () -> {};
        }

        void known(int... ports) {
            listener.onState(new EndpointState.Known(Arrays.stream(ports)
                    .mapToObj(port -> Endpoint.of("127.0.0.1", port))
                    .collect(Collectors.toSet())));
        }

        void absent() {
            listener.onState(new EndpointState.Absent("no such name"));
        }

        void unreachable() {
            listener.onState(new EndpointState.Unreachable(new DiscoveryException("timed out")));
        }
    }

    @TempDir
    private Path cache;

    private final ScheduledExecutorService control = new ScheduledThreadPoolExecutor(1);
    private final ScheduledExecutorService worker = new ScheduledThreadPoolExecutor(1);
    private final Told first = new Told();
    private final Told second = new Told();
    private final List<Service> services = new ArrayList<>();
    private final Journal events = new Journal();

    @AfterEach
    void stop() throws Exception {
        for (Service service : services) {
            control.submit(() -> {
                        service.end(null);
                        service.close();
                    })
                    .get();
        }
        control.shutdownNow();
        worker.shutdownNow();
    }

    @Test
    void anErrorChangesNothing() throws Exception {
        Service service = service(Duration.ZERO, first);
        first.known(1, 2);
        used(service, 1, 2);

        first.unreachable();

        await().until(() -> source(service, 0).stale());
        assertEquals("timed out", source(service, 0).lastError());
        assertEquals(Set.of(1, 2), ports(service));

        first.unreachable();
        first.known(1, 2);
        await().untilAsserted(() -> assertEquals(
                List.of("discovery-stale test timed out", "discovery-fresh test "),
                events.events().stream()
                        .filter(event -> event.kind().word().startsWith("discovery-"))
                        .map(event -> event.kind().word() + " " + event.service() + " " + event.detail())
                        .toList()));
    }

    @Test
    void anEmptyAnswerIsHeldAndThenBelieved() throws Exception {
        Service service = service(Duration.ofMillis(600), first);
        first.known(1);
        used(service, 1);

        first.absent();

        await().until(() -> source(service, 0).state().equals("absent"));
        assertEquals(Set.of(1), ports(service));
        used(service);
        assertEquals("no such name", service.pool().snapshot().reason());
    }

    @Test
    void anAnswerDuringTheHoldEndsIt() throws Exception {
        Service service = service(Duration.ofMillis(300), first);
        first.known(1);
        used(service, 1);
        first.known();
        first.known(2);
        used(service, 2);

        await().pollDelay(Duration.ofMillis(600)).until(() -> true);

        assertEquals(Set.of(2), ports(service));
    }

    @Test
    void theFirstSourceThatHasEndpointsWins() throws Exception {
        Service service = service(Duration.ZERO, first, second);
        second.known(2);
        control.submit(() -> {}).get();
        assertFalse(service.isReady(), "the first source may yet have endpoints");

        first.known(1);
        used(service, 1);
        first.absent();
        used(service, 2);
        first.known(3);
        used(service, 3);
        assertTrue(source(service, 0).selected());
    }

    @Test
    void aSourceThatNeverAnsweredDoesNotKeepTheNextOneBack() throws Exception {
        Service service = service(Duration.ZERO, first, second);
        second.known(2);
        first.unreachable();

        used(service, 2);
    }

    @Test
    void whatWasKnownSurvivesARestartDuringAnOutage() throws Exception {
        Service before = service(Duration.ZERO, first);
        first.known(1, 2);
        used(before, 1, 2);
        await().until(() -> !files().isEmpty());

        Told silent = new Told();
        Service after = service(Duration.ZERO, silent);

        used(after, 1, 2);
        assertTrue(source(after, 0).stale());
        silent.known(3);
        used(after, 3);
        assertFalse(source(after, 0).stale());
    }

    @Test
    void aDamagedCacheIsLeftAlone() throws Exception {
        Service before = service(Duration.ZERO, first);
        first.known(1);
        used(before, 1);
        await().until(() -> !files().isEmpty());
        Files.writeString(files().get(0), "nonsense");

        Told silent = new Told();
        Service after = service(Duration.ZERO, silent);
        silent.unreachable();
        control.submit(() -> {}).get();

        assertEquals(Set.of(), ports(after));
    }

    @Test
    void endpointsThatNobodyMayNameAreLeftOut() throws Exception {
        AllowSpec loopback = new AllowSpec(List.of(), Set.of(), List.of(Cidr.parse("127.0.0.1/32")));
        Service narrow = service(Duration.ZERO, loopback, first);
        Service open = service(Duration.ZERO, AllowSpec.DEFAULT, second);
        Set<Endpoint> named = Set.of(
                new Endpoint("127.0.0.1", 1, 1, 0, Map.of()),
                new Endpoint("127.0.0.2", 2, 1, 0, Map.of()),
                new Endpoint("169.254.169.254", 3, 1, 0, Map.of()),
                new Endpoint("redis.example.com", 4, 1, 0, Map.of()));
        first.listener.onState(new EndpointState.Known(named));
        second.listener.onState(new EndpointState.Known(named));

        used(narrow, 1);
        used(open, 1, 2);
    }

    @Test
    void moreEndpointsThanAnybodyHasAreRefusedAndChangeNothing() throws Exception {
        Service service = service(Duration.ZERO, first);
        first.known(1, 2);
        used(service, 1, 2);

        first.known(IntStream.rangeClosed(1, 10_001).toArray());

        await().until(() -> source(service, 0).stale());
        assertEquals(
                "it names 10001 endpoints, more than 10000", source(service, 0).lastError());
        assertEquals(Set.of(1, 2), ports(service));
        first.known(IntStream.rangeClosed(1, 10_000).toArray());
        await().until(() -> ports(service).size() == 10_000);
        assertFalse(source(service, 0).stale());
    }

    @Test
    void theLastChangeIsToldApartFromTheLastAnswer() throws Exception {
        Service service = service(Duration.ZERO, first);
        assertEquals(null, source(service, 0).changed());
        first.known(1);
        used(service, 1);
        Duration before = source(service, 0).changed();

        first.unreachable();
        await().until(() -> source(service, 0).stale());
        first.known(1);
        await().until(() -> !source(service, 0).stale());

        assertTrue(source(service, 0).changed().compareTo(before) > 0, "the same again is no change");
        assertTrue(source(service, 0).age().compareTo(source(service, 0).changed()) < 0);
    }

    @Test
    void mergedSourcesAreUsedTogetherEachWithItsShare() throws Exception {
        Service service = merged(Duration.ZERO, of(first).withWeight(3), of(second));
        first.known(1);
        used(service, 1);
        second.known(2, 3);
        used(service, 1, 2, 3);

        assertEquals(Map.of(1, 6, 2, 1, 3, 1), weights(service));
        assertEquals(
                "given[0] 3",
                source(service, 0).name() + " " + source(service, 0).weight());
        assertTrue(source(service, 0).selected() && source(service, 1).selected());
    }

    @Test
    void oneMergedSourceInTroubleOrEmptyIsNoMatterOfTheOther() throws Exception {
        Service service = merged(Duration.ZERO, of(first), of(second));
        first.known(1);
        second.known(2);
        used(service, 1, 2);

        first.unreachable();
        await().until(() -> source(service, 0).stale());
        second.known(2, 3);
        used(service, 1, 2, 3);
        assertFalse(source(service, 1).stale());
        assertEquals("timed out", source(service, 0).lastError());

        first.absent();
        used(service, 2, 3);
        second.absent();
        used(service);
        assertEquals("no such name; no such name", service.pool().snapshot().reason());
    }

    @Test
    void aMergedSourceKeepsItsOwnLastKnownOverARestart() throws Exception {
        Service before = merged(Duration.ZERO, of(first), of(second).withFilter(TAGGED));
        first.known(1);
        second.known(2);
        second.listener.onState(new EndpointState.Known(Set.of(tagged(3, "x"))));
        used(before, 1, 3);
        await().until(() -> files().size() == 2);

        Told silent = new Told();
        Told speaking = new Told();
        Service after = merged(Duration.ZERO, of(speaking), of(silent).withFilter(TAGGED));
        speaking.known(4);

        used(after, 3, 4);
        assertTrue(source(after, 1).stale());
        assertFalse(source(after, 0).stale());
    }

    @Test
    void aMergeIsOneOfSeveralOfWhichTheFirstThatHasEndpointsWins() throws Exception {
        Told last = new Told();
        Service service = composed(
                Duration.ZERO,
                List.of(new SourceGroup(List.of(of(first), of(second))), SourceGroup.of(of(last).withFilter(OTHERS))));
        last.known(9);
        first.absent();
        control.submit(() -> {}).get();
        assertEquals(Set.of(), ports(service), "the second of the merge may yet have endpoints");
        second.unreachable();
        used(service, 9);
        assertTrue(source(service, 2).selected());

        second.known(2);
        used(service, 2);
        assertEquals("given[0.1]", source(service, 1).name());
        assertEquals("given[1]", source(service, 2).name());
    }

    @Test
    void moreThanAnybodyHasAreRefusedOfAMergeToo() throws Exception {
        Service service = merged(Duration.ZERO, of(first), of(second));
        first.known(1);
        second.known(2);
        used(service, 1, 2);

        first.known(IntStream.rangeClosed(1, 6_000).toArray());
        await().until(() -> ports(service).size() == 6_000);
        second.known(IntStream.rangeClosed(5_000, 11_000).toArray());

        await().until(() -> source(service, 1).stale());
        assertEquals(6_000, ports(service).size());
        assertEquals(
                "together with those it is merged with it names 11000 endpoints, more than 10000",
                source(service, 1).lastError());
        second.known(IntStream.rangeClosed(5_000, 10_000).toArray());
        await().until(() -> ports(service).size() == 10_000);
        assertFalse(source(service, 1).stale());
        assertEquals(
                List.of("given[0]", "given[1]"),
                events.events().stream()
                        .filter(event -> event.kind().word().equals("discovery-stale"))
                        .map(Event::subject)
                        .sorted()
                        .toList());
    }

    @Test
    void afterAChangeWhatWasInUseStaysUntilAllOfAMergeHaveAnswered() throws Exception {
        Service before = merged(Duration.ZERO, of(first), of(second));
        first.known(1);
        second.known(2);
        used(before, 1, 2);
        Told third = new Told();
        Told fourth = new Told();
        Service after = changed(before, of(third).withWeight(5), of(fourth).withFilter(OTHERS)); // nothing on disk

        third.known(1);
        control.submit(() -> {}).get();
        assertEquals(Set.of(1, 2), ports(after));
        fourth.known(2);
        await().untilAsserted(() -> assertEquals(Map.of(1, 5, 2, 1), weights(after)));
        assertEquals(0, removals());
    }

    @Test
    void aSourceThatIsDownWhenItsWeightIsChangedLosesNothing() throws Exception {
        Service before = merged(Duration.ZERO, of(first), of(second));
        first.known(1);
        second.known(2, 3);
        used(before, 1, 2, 3);

        Service after = changed(before, of(first).withWeight(5), of(second));
        second.unreachable();
        first.known(1);

        await().untilAsserted(() -> assertEquals(Map.of(1, 10, 2, 1, 3, 1), weights(after)));
        assertTrue(source(after, 1).stale());
        assertFalse(source(after, 0).stale());
        second.known(3);
        used(after, 1, 3);
        assertEquals(1, removals());
    }

    private long removals() {
        return events.events().stream()
                .filter(event -> event.kind().word().equals("endpoint-removed"))
                .count();
    }

    /** As a reload does it. */
    private Service changed(Service before, SourceSpec... sources) throws Exception {
        Service after = before.successor(TestSpecs.with(
                Role.ANY,
                HealthSpec.DEFAULT,
                OnChangeSpec.DEFAULT,
                AllowSpec.DEFAULT,
                List.of(new SourceGroup(List.of(sources)))));
        control.submit(() -> {
                    after.begin(before);
                    before.end(after);
                })
                .get();
        services.remove(before);
        services.add(after);
        return after;
    }

    @Test
    void aFilterLeavesOutWhatItDoesNotAdmit() throws Exception {
        Service service = merged(Duration.ZERO, of(first).withFilter(TAGGED));
        first.listener.onState(new EndpointState.Known(Set.of(tagged(1, "x"), tagged(2, "y"), tagged(3, "x"))));

        used(service, 1, 3);
        assertEquals(2, source(service, 0).endpoints());
        assertEquals(1, source(service, 0).leftOut());
    }

    @Test
    void anAnswerOfWhichTheFilterAdmitsNothingIsHeldLikeAnEmptyOne() throws Exception {
        Service service = merged(Duration.ofMillis(600), of(first).withFilter(TAGGED));
        first.listener.onState(new EndpointState.Known(Set.of(tagged(1, "x"))));
        used(service, 1);

        first.known(1, 2);

        await().until(() -> source(service, 0).leftOut() == 2);
        assertEquals(Set.of(1), ports(service));
        used(service);
        assertEquals(
                "given has no endpoints that its filter admits (tags [x], without tags [], metadata {}), but 2 others",
                service.pool().snapshot().reason());
    }

    @Test
    void theLastFailureIsToldApartFromTheErrorThatIs() throws Exception {
        Service service = service(Duration.ZERO, first);
        first.known(1);
        used(service, 1);
        assertEquals(null, source(service, 0).failed());

        first.unreachable();
        await().until(() -> source(service, 0).lastError() != null);
        first.known(1);
        await().until(() -> source(service, 0).lastError() == null);

        assertTrue(source(service, 0).failed() != null);
    }

    private static final EndpointFilter TAGGED = new EndpointFilter(Set.of("x"), Set.of(), Map.of());

    /** Makes another question of the same source, of which other answers are kept on disk. */
    private static final EndpointFilter OTHERS = new EndpointFilter(Set.of(), Set.of("x"), Map.of());

    private static Endpoint tagged(int port, String tag) {
        return new Endpoint("127.0.0.1", port, 1, 0, "", Set.of(tag), Map.of());
    }

    private static SourceSpec of(Told source) {
        return TestSpecs.source(source);
    }

    private static Map<Integer, Integer> weights(Service service) {
        return service.pool().endpoints().stream()
                .collect(Collectors.toMap(
                        endpoint -> endpoint.endpoint().port(),
                        endpoint -> endpoint.endpoint().weight()));
    }

    private Service merged(Duration hold, SourceSpec... sources) throws Exception {
        return composed(hold, List.of(new SourceGroup(List.of(sources))));
    }

    private Service composed(Duration hold, List<SourceGroup> groups) throws Exception {
        return begin(
                hold, TestSpecs.with(Role.ANY, HealthSpec.DEFAULT, OnChangeSpec.DEFAULT, AllowSpec.DEFAULT, groups));
    }

    private Service service(Duration hold, EndpointSource... sources) throws Exception {
        return service(hold, AllowSpec.DEFAULT, sources);
    }

    private Service service(Duration hold, AllowSpec allow, EndpointSource... sources) throws Exception {
        return begin(hold, TestSpecs.with(Role.ANY, HealthSpec.DEFAULT, OnChangeSpec.DEFAULT, allow, sources));
    }

    private Service begin(Duration hold, ServiceSpec spec) throws Exception {
        ServiceEnvironment environment =
                new ServiceEnvironment(control, worker, worker, new SimpleMeterRegistry(), cache, hold, events);
        Service service = new Service(spec, environment);
        services.add(service);
        control.submit(() -> service.begin(null)).get();
        return service;
    }

    private void used(Service service, int... ports) {
        Set<Integer> expected = Arrays.stream(ports).boxed().collect(Collectors.toSet());
        await().untilAsserted(() -> assertEquals(expected, ports(service)));
    }

    private ServiceStatus.SourceStatus source(Service service, int index) throws Exception {
        return control.submit(() -> service.status(List.of())).get().sources().get(index);
    }

    private static Set<Integer> ports(Service service) {
        return service.pool().endpoints().stream()
                .filter(endpoint -> !endpoint.isRemoved())
                .map(endpoint -> endpoint.endpoint().port())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private List<Path> files() throws Exception {
        try (Stream<Path> files = Files.list(cache)) {
            return files.filter(file -> file.toString().endsWith(".endpoints")).toList();
        }
    }
}
