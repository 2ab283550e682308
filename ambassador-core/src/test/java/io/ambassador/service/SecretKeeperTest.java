package io.ambassador.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.service.ServiceStatus.CredentialState;
import io.ambassador.spi.secret.CredentialException;
import io.ambassador.spi.secret.Secret;
import io.ambassador.spi.secret.SecretSource;
import io.ambassador.testkit.ControlThread;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Reads happen when the test says so, and time passes when it says so. */
class SecretKeeperTest {
    private static final RotationSpec SPEC =
            new RotationSpec(null, Duration.ofHours(1), Duration.ofSeconds(10), Duration.ofSeconds(30));

    private final ControlThread timer = new ControlThread();
    private final Queue<Runnable> reads = new ArrayDeque<>();
    private final Store store = new Store("A", Duration.ofHours(1));
    private final AtomicInteger settled = new AtomicInteger();
    private final List<String> news = new ArrayList<>();
    private long now = 1_000;
    private SecretKeeper keeper;

    @BeforeEach
    void begin() {
        keeper = keeper(store, null);
        keeper.start(timer.scheduler(), reads::add);
        read();
    }

    @AfterEach
    void end() {
        keeper.close();
        timer.close();
    }

    private SecretKeeper keeper(SecretSource source, SecretSource next) {
        return new SecretKeeper(
                "app",
                source,
                next,
                SPEC,
                () -> now,
                new AtomicLong(),
                settled::incrementAndGet,
                (kind, version) -> news.add(kind.word() + " " + version),
                LoggerFactory.getLogger(SecretKeeperTest.class));
    }

    private void read() {
        reads.remove().run();
    }

    private SecretLease lease() {
        now++;
        return assertInstanceOf(SecretLease.class, keeper.lease(Set.of()));
    }

    private static String text(SecretLease lease) {
        try (Secret secret = lease.secret()) {
            return new String(secret.reveal(), UTF_8);
        }
    }

    private void accept() {
        try (SecretLease lease = lease()) {
            lease.accepted();
        }
    }

    private void refuse() {
        try (SecretLease lease = lease()) {
            now++;
            lease.refused();
        }
    }

    @Test
    void aLeaseMeansOneVersionWhateverIsReadMeanwhile() {
        try (SecretLease lease = lease()) {
            store.content = "B";
            accept();
            refuse();
            read();
            assertEquals("A", text(lease));
            assertEquals(1, lease.version());
            try (SecretLease later = lease()) {
                assertEquals("B", text(later));
                assertEquals(2, later.version());
            }
        }
    }

    @Test
    void tellsWhichVersionServersTake() {
        accept();
        accept();
        store.content = "B";
        refuse();
        read();
        accept();
        assertEquals(
                List.of(
                        "credentials-accepted version 1",
                        "credentials-refused version 1",
                        "credentials-changed version 2",
                        "credentials-accepted version 2"),
                news);
    }

    @Test
    void refusalsReadTheStoreOnceForAll() {
        SecretLease one = lease();
        SecretLease two = lease();
        now++;
        one.refused();
        two.refused();
        assertEquals(1, reads.size());
        assertInstanceOf(SecretAnswer.Wait.class, keeper.lease(Set.of(1L)), "until it has been read");
        AtomicInteger woken = new AtomicInteger();
        keeper.wake(woken::incrementAndGet);
        store.content = "B";
        read();
        assertEquals(1, woken.get());
        assertEquals("B", text(lease()));
        one.close();
        two.close();
    }

    /** What is being read when the server refuses may be what was there before. */
    @Test
    void aReadThatBeganBeforeTheRefusalIsRepeated() {
        SecretLease lease = lease();
        SecretLease another = lease();
        now++;
        lease.refused();
        store.during = () -> {
            now++;
            another.close();
            try (SecretLease third = new SecretLease(keeper, lease.leased(), now, false)) {
                third.refused();
            }
            store.during = null;
        };
        read();
        assertEquals(1, reads.size());
        assertInstanceOf(SecretAnswer.Wait.class, keeper.lease(Set.of(1L)));
        read();
        assertInstanceOf(SecretAnswer.No.class, keeper.lease(Set.of(1L)));
        lease.close();
    }

    @Test
    void aWrongPasswordIsToldAtOnceAndWhenItIsTriedAgain() {
        refuse();
        read();
        SecretAnswer.No no = assertInstanceOf(SecretAnswer.No.class, keeper.lease(Set.of()));
        assertFalse(no.unknown());
        assertTrue(no.why().matches("the credentials were refused, and are not tried again for \\d+ ms"), no.why());
        assertEquals(CredentialState.REFUSED, keeper.status().state());
        assertFalse(keeper.wasAccepted());
        now += Duration.ofSeconds(2).toNanos();
        assertEquals("A", text(lease()));
    }

    @Test
    void clientsWaitForARotationAndNoLongerThanAllowed() {
        accept();
        refuse();
        read();
        SecretAnswer.Wait wait = assertInstanceOf(SecretAnswer.Wait.class, keeper.lease(Set.of()));
        assertTrue(wait.forRotation());
        assertEquals(CredentialState.AWAITING_ROTATION, keeper.status().state());
        assertTrue(keeper.wasAccepted());
        now += Duration.ofSeconds(11).toNanos();
        assertInstanceOf(SecretAnswer.No.class, keeper.lease(Set.of(1L)));
    }

    /** Nothing newer can come from where nothing ever changes. */
    @Test
    void nobodyWaitsForAConstant() {
        keeper.close();
        keeper = keeper(new Store("A", Duration.ofDays(365)), null);
        reads.clear();
        keeper.start(timer.scheduler(), reads::add);
        read();
        accept();
        refuse();
        read();
        assertInstanceOf(SecretAnswer.No.class, keeper.lease(Set.of()));
    }

    @Test
    void aTrialThatEndsWithoutAnAnswerLetsAnotherBegin() {
        List<SecretLease> trials = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            trials.add(lease());
        }
        assertInstanceOf(SecretAnswer.Wait.class, keeper.lease(Set.of()));
        AtomicInteger woken = new AtomicInteger();
        keeper.wake(woken::incrementAndGet);
        trials.get(0).close();
        trials.get(0).close();
        assertEquals(1, woken.get());
        lease().accepted();
        for (int i = 0; i < 100; i++) {
            lease();
        }
    }

    @Test
    void aNextPasswordThatIsNotThereYetIsNoHindrance() {
        keeper.close();
        Store next = new Store(null, Duration.ofHours(1));
        keeper = keeper(store, next);
        reads.clear();
        keeper.start(timer.scheduler(), reads::add);
        read();
        read();
        accept();
        assertNull(keeper.status().lastError());
        next.content = "B";
        refuse();
        read();
        read();
        try (SecretLease lease = lease()) {
            assertEquals("B", text(lease));
            lease.accepted();
        }
        assertEquals(2, keeper.preferredVersion());
        assertEquals(1, keeper.status().version());
        assertEquals(2, keeper.status().versionInUse());
    }

    @Test
    void connectionsAreToldWhenTheNewestIsAccepted() {
        accept();
        assertEquals(1, settled.get());
        assertFalse(keeper.isOutdated(1));
        store.content = "B";
        refuse();
        read();
        assertEquals(1, settled.get(), "nobody has accepted it yet");
        accept();
        assertEquals(2, settled.get());
        assertTrue(keeper.isOutdated(1));
        assertFalse(keeper.isOutdated(2));
    }

    @Test
    void closingWipesEverythingAndAnswersEverybody() {
        accept();
        store.content = "B";
        refuse();
        read();
        AtomicInteger woken = new AtomicInteger();
        keeper.wake(woken::incrementAndGet);
        keeper.close();
        assertEquals(1, woken.get());
        assertInstanceOf(SecretAnswer.No.class, keeper.lease(Set.of()));
        assertFalse(keeper.isAvailable());
        assertEquals(2, store.handedOut.size());
        store.handedOut.forEach(bytes -> assertTrue(Arrays.equals(new byte[bytes.length], bytes)));
    }

    @Test
    void aReadThatFailsIsRemembered() {
        store.content = null;
        refuse();
        read();
        assertEquals("the store is empty", keeper.status().lastError());
        assertInstanceOf(SecretAnswer.No.class, keeper.lease(Set.of()));
        assertTrue(keeper.isAvailable());
    }

    /** Gives out what the test puts in. */
    private static final class Store implements SecretSource {
        private final Duration refresh;
        private final List<byte[]> handedOut = new ArrayList<>();
        private String content;
        private Runnable during;

        Store(String content, Duration refresh) {
            this.content = content;
            this.refresh = refresh;
        }

        @Override
        public Secret read() throws CredentialException {
            if (during != null) {
                during.run();
            }
            if (content == null) {
                throw new CredentialException("the store is empty");
            }
            byte[] bytes = content.getBytes(UTF_8);
            handedOut.add(bytes);
            return Secret.owning(bytes);
        }

        @Override
        public Duration refreshInterval() {
            return refresh;
        }

        @Override
        public String description() {
            return "the store";
        }
    }
}
