package io.ambassador.explain;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class JournalTest {
    private final Journal journal = new Journal();
    private final ServiceJournal service = new ServiceJournal(journal, "redis", AccessLog.OFF);

    @Test
    void eventsAreNumberedAndTheOldestGoFirst() {
        for (int i = 1; i <= 600; i++) {
            service.tell(EventKind.ENDPOINT_ADDED, "endpoint " + i, "");
        }
        List<Event> events = journal.events();
        assertEquals(
                LongStream.rangeClosed(89, 600).boxed().toList(),
                events.stream().map(Event::id).toList());
        assertEquals("endpoint 600", events.get(511).subject());
        assertEquals("redis", events.get(511).service());
    }

    @Test
    void connectionsAreKeptNewestFirst() {
        for (int i = 1; i <= 200; i++) {
            service.ended(connection(i));
        }
        List<ConnectionRecord> connections = service.connections();
        assertEquals(128, connections.size());
        assertEquals("127.0.0.1:200", connections.get(0).clientAddress());
        assertEquals("127.0.0.1:73", connections.get(127).clientAddress());
    }

    @Test
    void anObserverThatThrowsKeepsNobodyFromHearing() {
        List<String> heard = new ArrayList<>();
        journal.observe(new Observer() {
            @Override
            public void connectionEnded(ConnectionRecord connection) {
                throw new IllegalStateException("connection");
            }

            @Override
            public void happened(Event event) {
                throw new IllegalStateException("event");
            }
        });
        Observer listening = new Observer() {
            @Override
            public void connectionEnded(ConnectionRecord connection) {
                heard.add(connection.reason().word());
            }

            @Override
            public void happened(Event event) {
                heard.add(event.kind().word());
            }
        };
        journal.observe(listening);
        service.ended(connection(1));
        journal.tell(EventKind.STARTED, "", "");
        journal.forget(listening);
        journal.tell(EventKind.DRAINING, "", "");
        assertEquals(List.of("completed", "started"), heard);
    }

    @Test
    void manyThreadsMayTellAtOnce() throws Exception {
        int threads = 4;
        CyclicBarrier together = new CyclicBarrier(threads);
        List<Thread> tellers = new ArrayList<>();
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        for (int t = 0; t < threads; t++) {
            Thread teller = new Thread(() -> {
                try {
                    together.await();
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
                for (int i = 0; i < 5_000; i++) {
                    service.tell(EventKind.ENDPOINT_ROLE, "", "");
                    List<Event> seen = journal.events();
                    for (int k = 1; k < seen.size(); k++) {
                        if (seen.get(k).id() <= seen.get(k - 1).id()) {
                            throw new IllegalStateException("out of order");
                        }
                    }
                }
            });
            teller.setUncaughtExceptionHandler((thread, failure) -> failures.add(failure));
            teller.start();
            tellers.add(teller);
        }
        for (Thread teller : tellers) {
            teller.join(60_000);
        }
        assertEquals(List.of(), failures);
        List<Event> events = journal.events();
        assertEquals(512, events.size());
        assertEquals(20_000, events.get(511).id());
        assertEquals(19_489, events.get(0).id());
    }

    private static ConnectionRecord connection(int port) {
        return new Trail("redis", new InetSocketAddress("127.0.0.1", port)).end(EndReason.COMPLETED, "", 0, 0);
    }
}
