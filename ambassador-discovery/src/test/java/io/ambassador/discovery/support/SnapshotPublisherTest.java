package io.ambassador.discovery.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.spi.discovery.DiscoveryException;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState;
import io.ambassador.spi.discovery.EndpointState.Absent;
import io.ambassador.spi.discovery.EndpointState.Known;
import io.ambassador.spi.discovery.EndpointState.Unreachable;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SnapshotPublisherTest {
    private static final Known ONE = new Known(Set.of(Endpoint.of("10.0.0.1", 1)));
    private static final Known TWO = new Known(Set.of(Endpoint.of("10.0.0.2", 1)));

    private final List<EndpointState> told = new ArrayList<>();

    private static Unreachable unreachable(String why) {
        return new Unreachable(new DiscoveryException(why));
    }

    @Test
    void equalStatesAreToldOnce() {
        SnapshotPublisher publisher = new SnapshotPublisher("test", told::add);
        Unreachable failure = unreachable("no reply");
        for (EndpointState state : List.of(
                ONE,
                new Known(Set.of(Endpoint.of("10.0.0.1", 1))),
                failure,
                unreachable("no reply"),
                new Absent("gone"),
                new Absent("gone"),
                ONE)) {
            publisher.publish(state);
        }
        assertEquals(List.of(ONE, failure, new Absent("gone"), ONE), told);
    }

    @Test
    void stateFromWithinACallIsToldAfterIt() {
        List<String> order = new ArrayList<>();
        SnapshotPublisher[] publisher = new SnapshotPublisher[1];
        publisher[0] = new SnapshotPublisher("test", state -> {
            order.add("begin " + state);
            if (state == ONE) {
                publisher[0].publish(TWO);
            }
            order.add("end " + state);
        });
        publisher[0].publish(ONE);
        assertEquals(List.of("begin " + ONE, "end " + ONE, "begin " + TWO, "end " + TWO), order);
    }

    @Test
    void throwingListenerHearsTheNextState() {
        SnapshotPublisher publisher = new SnapshotPublisher("test", state -> {
            told.add(state);
            throw new IllegalStateException("the listener's own fault, on purpose");
        });
        publisher.publish(ONE);
        publisher.publish(TWO);
        assertEquals(List.of(ONE, TWO), told);
    }

    @Test
    void listenerThatClosesHearsNoMore() {
        SnapshotPublisher[] publisher = new SnapshotPublisher[1];
        publisher[0] = new SnapshotPublisher("test", state -> {
            told.add(state);
            publisher[0].publish(TWO);
            publisher[0].close();
        });
        publisher[0].publish(ONE);
        assertEquals(List.of(ONE), told);
    }

    @Test
    void closeWaitsForTheCallUnderWay() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        SnapshotPublisher publisher = new SnapshotPublisher("test", state -> {
            inside.countDown();
            try {
                goOn.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            told.add(state);
        });
        CompletableFuture<Void> call = CompletableFuture.runAsync(() -> publisher.publish(ONE));
        inside.await();
        CompletableFuture<List<EndpointState>> atClose = CompletableFuture.supplyAsync(() -> {
            publisher.close();
            return List.copyOf(told);
        });
        assertFalse(atClose.isDone());
        goOn.countDown();
        assertEquals(List.of(ONE), atClose.get(10, TimeUnit.SECONDS));
        call.get(10, TimeUnit.SECONDS);
    }

    @Test
    void callsOfManyThreadsNeverOverlap() {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger overlaps = new AtomicInteger();
        SnapshotPublisher publisher = new SnapshotPublisher("test", state -> {
            if (inside.incrementAndGet() > 1) {
                overlaps.incrementAndGet();
            }
            told.add(state);
            inside.decrementAndGet();
        });
        List<CompletableFuture<Void>> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int from = i * 1_000 + 1;
            threads.add(CompletableFuture.runAsync(() -> {
                for (int port = from; port < from + 1_000; port++) {
                    publisher.publish(new Known(Set.of(Endpoint.of("10.0.0.1", port))));
                }
            }));
        }
        threads.forEach(CompletableFuture::join);
        assertEquals(0, overlaps.get());
        assertEquals(4_000, told.size());
        assertTrue(inside.get() == 0);
    }
}
