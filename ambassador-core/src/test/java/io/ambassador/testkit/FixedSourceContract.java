package io.ambassador.testkit;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.Configured;
import io.ambassador.spi.Providers;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointSourceProvider;
import io.ambassador.spi.discovery.EndpointState.Known;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The promises of {@link EndpointSource} that even a source keeps whose endpoints never change. Other sources extend
 * {@link EndpointSourceContract}.
 */
public abstract class FixedSourceContract {
    /** What the source under test follows. */
    protected interface Registry extends AutoCloseable {
        /** Makes these the service's endpoints, each {@code address:port}. */
        void set(Set<String> endpoints) throws Exception;

        /** The settings with which the source follows this registry. */
        Map<String, ?> settings();

        @Override
        void close() throws Exception;
    }

    static final Set<String> ONE = Set.of("127.0.0.1:7001");
    static final Set<String> TWO = Set.of("127.0.0.2:7001", "127.0.0.3:7001");

    private ControlThread control;
    private Registry registry;

    /** The word of the source under test; its provider must be found by {@link java.util.ServiceLoader}. */
    protected abstract String type();

    /** A registry with no endpoints set yet; {@link Registry#set} is called before the first watch. */
    protected abstract Registry startRegistry() throws Exception;

    /** How long a change may take to be told. */
    protected Duration patience() {
        return Duration.ofSeconds(30);
    }

    /** Threads whose names start so belong to the source, and must be gone once every watch is closed. */
    protected Set<String> ownThreads() {
        return Set.of();
    }

    @BeforeEach
    final void startRegistryAndControlThread() throws Exception {
        control = new ControlThread();
        registry = startRegistry();
        registry.set(ONE);
    }

    @AfterEach
    final void stopRegistryAndControlThread() throws Exception {
        registry.close();
        control.close();
    }

    @Test
    void isFoundByItsWord() throws ConfigurationException {
        assertEquals(type(), provider().type());
    }

    @Test
    void firstCallTellsTheWholeState() throws Exception {
        registry.set(TWO);
        try (RecordingListener seen = RecordingListener.watch(source())) {
            await().atMost(patience()).until(() -> seen.last() != null);

            Known first = assertInstanceOf(Known.class, seen.all().get(0));
            assertEquals(TWO, addresses(first));
        }
    }

    @Test
    void watchesOfOneSourceAreIndependent() throws Exception {
        EndpointSource source = source();
        try (RecordingListener second = RecordingListener.watch(source)) {
            try (RecordingListener first = RecordingListener.watch(source)) {
                awaitAddresses(first, ONE);
            }
            awaitAddresses(second, ONE);
        }
    }

    @Test
    void nothingIsToldAfterClose() throws Exception {
        RecordingListener seen = RecordingListener.watch(source());
        awaitAddresses(seen, ONE);
        seen.close();
        seen.close(); // twice is allowed
        int calls = seen.all().size();
        awaitAddressesOfAnother(ONE);
        assertEquals(calls, seen.all().size());
    }

    @Test
    void nothingIsToldAfterCloseThatRacesWithTheFirstState() throws Exception {
        for (int i = 0; i < 200; i++) {
            RecordingListener seen = RecordingListener.watch(source());
            if (i % 4 != 0) {
                LockSupport.parkNanos(50_000L * i); // some closes fall before, some within, some after the first call
            }
            seen.close();
            int calls = seen.all().size();
            control.scheduler().submit(() -> {}).get(10, TimeUnit.SECONDS); // what was queued has run
            assertEquals(calls, seen.all().size());
        }
    }

    @Test
    void listenerMayCloseItsOwnWatch() throws Exception {
        AtomicReference<EndpointSource.Watch> own = new AtomicReference<>();
        CountDownLatch assigned = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        own.set(source().watch(state -> {
            try {
                assigned.await(10, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            own.get().close();
            closed.countDown();
        }));
        assigned.countDown();
        assertTrue(closed.await(patience().toMillis(), TimeUnit.MILLISECONDS), "close() within a call did not return");
    }

    @Test
    void controlThreadIsNotBlocked() throws Exception {
        assertControlThreadIsNotBlocked();
    }

    @Test
    void noThreadIsLeftBehind() throws Exception {
        for (int i = 0; i < 10; i++) {
            try (RecordingListener seen = RecordingListener.watch(source())) {
                awaitAddresses(seen, ONE);
            }
        }
        await().atMost(patience())
                .untilAsserted(() -> assertEquals(Set.of(), threads(ownThreads()), "threads left behind"));
    }

    /** Waits until exactly {@code expected} are known. */
    protected final void awaitAddresses(RecordingListener seen, Set<String> expected) {
        await().atMost(patience())
                .pollInterval(Duration.ofMillis(10))
                .untilAsserted(
                        () -> assertEquals(new TreeSet<>(expected), seen.addresses(), () -> "told: " + seen.all()));
    }

    /**
     * Watches for half a second and longer if it is blocked, and measures meanwhile how late the control thread comes to
     * other work; a thread without other work tells how late the machine is.
     */
    final void assertControlThreadIsNotBlocked() throws Exception {
        try (ControlThread idle = new ControlThread()) {
            Beats machine = new Beats(idle.scheduler());
            Beats beats = new Beats(control.scheduler());
            try (RecordingListener seen = RecordingListener.watch(source())) {
                await().until(() -> beats.count.get() > 100 && machine.count.get() > 100);
            }
            long millis = TimeUnit.NANOSECONDS.toMillis(beats.longestGap.get() - machine.longestGap.get());
            assertTrue(millis < 500, "the control thread was blocked for " + millis + " ms");
        }
    }

    private static final class Beats {
        private final AtomicLong count = new AtomicLong();
        private final AtomicLong longestGap = new AtomicLong();
        private final AtomicLong before = new AtomicLong(System.nanoTime());

        Beats(ScheduledExecutorService scheduler) {
            scheduler.scheduleAtFixedRate(this::beat, 0, 5, TimeUnit.MILLISECONDS);
        }

        private void beat() {
            long now = System.nanoTime();
            longestGap.accumulateAndGet(now - before.getAndSet(now), Math::max);
            count.incrementAndGet();
        }
    }

    /** Lets a second watch hear {@code expected}; by then a watch that lived on would have heard it, too. */
    final void awaitAddressesOfAnother(Set<String> expected) throws Exception {
        try (RecordingListener other = RecordingListener.watch(source())) {
            awaitAddresses(other, expected);
        }
    }

    /** The registry of the running test. */
    final Registry runningRegistry() {
        return registry;
    }

    /** A new source for the running registry, made as the engine makes it. */
    protected final EndpointSource source() throws ConfigurationException {
        Settings settings = Settings.of("discovery", registry.settings());
        Configured<EndpointSourceProvider<?>> configured = Configured.parse(provider(), settings);
        settings.throwIfWrong();
        return create(configured.provider(), configured.config(), control.scheduler());
    }

    private EndpointSourceProvider<?> provider() throws ConfigurationException {
        Providers<EndpointSourceProvider<?>> all = Providers.load(EndpointSourceProvider.class, "discovery source");
        return all.get(type());
    }

    @SuppressWarnings("unchecked") // a provider gets the config that it parsed itself
    private static <C extends Record> EndpointSource create(
            EndpointSourceProvider<?> provider, Record config, ScheduledExecutorService scheduler) {
        return ((EndpointSourceProvider<C>) provider).create((C) config, scheduler);
    }

    private static Set<String> addresses(Known known) {
        Set<String> addresses = new TreeSet<>();
        for (Endpoint endpoint : known.endpoints()) {
            addresses.add(endpoint.address());
        }
        return addresses;
    }

    private static Set<String> threads(Set<String> prefixes) {
        Set<String> alive = new TreeSet<>();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (prefixes.stream().anyMatch(thread.getName()::startsWith)) {
                alive.add(thread.getName());
            }
        }
        return alive;
    }
}
