package io.ambassador.testkit;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.spi.discovery.EndpointState.Known;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The promises of {@link EndpointSource}, as tests. Extend it for a source of your own: give its word, and a registry
 * that it follows. Each test runs against a new registry.
 */
public abstract class EndpointSourceContract extends FixedSourceContract {
    /** A registry that can fail. */
    protected interface MovingRegistry extends Registry {
        /** Makes the registry unable to answer, or its answer unreadable. */
        void breakDown() throws Exception;

        /** Brings the registry back, with the endpoints it had. */
        void recover() throws Exception;
    }

    private MovingRegistry registry;

    @Override
    protected abstract MovingRegistry startRegistry() throws Exception;

    @BeforeEach
    final void takeRegistry() {
        registry = (MovingRegistry) runningRegistry();
    }

    @Test
    void changesAreTold() throws Exception {
        try (RecordingListener seen = RecordingListener.watch(source())) {
            awaitAddresses(seen, ONE);
            registry.set(TWO);
            awaitAddresses(seen, TWO);
            registry.set(ONE);
            awaitAddresses(seen, ONE);

            assertFalse(seen.overlapped(), "calls overlapped");
            assertNoRepeats(seen);
        }
    }

    @Test
    void failureIsToldAndRetriedAndIsNotAnEmptyAnswer() throws Exception {
        try (RecordingListener seen = RecordingListener.watch(source())) {
            awaitAddresses(seen, ONE);
            registry.breakDown();
            await().atMost(patience()).until(() -> seen.last() instanceof EndpointState.Unreachable);
            registry.recover();
            awaitAddresses(seen, ONE);

            for (EndpointState state : seen.all()) {
                assertFalse(state instanceof EndpointState.Absent, "an outage was told as " + state);
                assertFalse(state instanceof Known known && known.endpoints().isEmpty(), "an outage was told as empty");
            }
            assertNoRepeats(seen);
        }
    }

    @Test
    void recoversIfTheRegistryIsDownAtTheStart() throws Exception {
        registry.breakDown();
        try (RecordingListener seen = RecordingListener.watch(source())) {
            await().atMost(patience()).until(() -> seen.last() instanceof EndpointState.Unreachable);
            registry.recover();
            awaitAddresses(seen, ONE);
        }
    }

    @Test
    void throwingListenerHearsTheNextState() throws Exception {
        try (RecordingListener seen = RecordingListener.watch(source(), state -> {
            throw new IllegalStateException("the listener's own fault, on purpose");
        })) {
            awaitAddresses(seen, ONE);
            registry.set(TWO);
            awaitAddresses(seen, TWO);
        }
    }

    @Test
    void otherWatchesGoOnAfterOneIsClosed() throws Exception {
        EndpointSource source = source();
        try (RecordingListener second = RecordingListener.watch(source)) {
            try (RecordingListener first = RecordingListener.watch(source)) {
                awaitAddresses(first, ONE);
            }
            awaitAddresses(second, ONE);
            registry.set(TWO);
            awaitAddresses(second, TWO);
        }
    }

    @Test
    void changesAreNotToldAfterClose() throws Exception {
        RecordingListener seen = RecordingListener.watch(source());
        awaitAddresses(seen, ONE);
        seen.close();
        int calls = seen.all().size();
        registry.set(TWO);
        awaitAddressesOfAnother(TWO);
        assertEquals(calls, seen.all().size());
    }

    @Test
    void controlThreadIsNotBlockedByAnOutage() throws Exception {
        registry.breakDown();
        assertControlThreadIsNotBlocked();
    }

    private static void assertNoRepeats(RecordingListener seen) {
        List<String> told = new ArrayList<>();
        for (EndpointState state : seen.all()) {
            told.add(
                    state instanceof EndpointState.Unreachable unreachable
                            ? Objects.toString(unreachable.cause().getMessage())
                            : state.toString());
        }
        for (int i = 1; i < told.size(); i++) {
            assertFalse(told.get(i).equals(told.get(i - 1)), "told twice in a row: " + told.get(i));
        }
    }
}
