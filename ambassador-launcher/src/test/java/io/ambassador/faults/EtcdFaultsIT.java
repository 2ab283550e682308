package io.ambassador.faults;

import static io.ambassador.faults.Running.report;
import static io.ambassador.faults.Running.status;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ambassador.Ambassador;
import io.ambassador.testkit.EtcdServer;
import io.ambassador.testkit.Timing;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Endpoints from a real etcd that changes, dies, freezes, or cannot be reached, while clients come and go. */
class EtcdFaultsIT extends RegistryOutage {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final String PATH = "/services/greeter";

    @Override
    protected Registry startRegistry() {
        EtcdServer etcd = EtcdServer.start();
        return new Registry() {
            @Override
            public String address() {
                return etcd.address();
            }

            @Override
            public String type() {
                return "etcd";
            }

            @Override
            public Map<String, ?> settings(String address) {
                return Map.of("endpoints", List.of(address), "path", PATH);
            }

            @Override
            public void serve(int backend) {
                etcd.put(PATH + "/a", "127.0.0.1:" + port(backend));
            }

            @Override
            public void kill() {
                etcd.kill();
            }

            @Override
            public void restart() {
                etcd.restart();
            }

            @Override
            public void freeze() {
                etcd.pause();
            }

            @Override
            public void thaw() {
                etcd.resume();
            }

            @Override
            public void close() {
                etcd.close();
            }
        };
    }

    private static Ambassador start(Path cache, EtcdServer... members) throws Exception {
        String addresses = Arrays.stream(members).map(EtcdServer::address).collect(Collectors.joining(","));
        return Ambassador.builder()
                .cacheDirectory(cache)
                .service(
                        "greeter",
                        s -> s.listen("127.0.0.1", 0)
                                .health(Running.WITHOUT_PROBES)
                                .discover("etcd://" + addresses + PATH))
                .start();
    }

    private static NewConnections clients(Ambassador ambassador) {
        InetSocketAddress address = ambassador.address("greeter");
        return NewConnections.start(
                () -> {
                    try (EchoClient client = EchoClient.connect(address)) {
                        return client.backend();
                    }
                },
                2,
                100);
    }

    private static String address(Greeter greeter) {
        return "127.0.0.1:" + greeter.port();
    }

    private static void awaitEndpoints(Ambassador ambassador, int count) {
        await().atMost(PATIENCE)
                .until(() -> status(ambassador).endpoints().size() == count
                        && !status(ambassador).sources().get(0).stale());
    }

    private static long millisSince(long nanoTime) {
        return (System.nanoTime() - nanoTime) / 1_000_000;
    }

    /** Waits until {@code backend} serves; how long the one before it still got new connections. */
    private static long movedAfter(NewConnections clients, int from, int backend, Runnable change) {
        long before = System.nanoTime();
        change.run();
        await().atMost(PATIENCE)
                .until(() -> clients.since(before).stream().anyMatch(call -> call.backend() == backend));
        await().atMost(PATIENCE).until(() -> {
            List<NewConnections.Call> calls = clients.all();
            return calls.size() > 20
                    && calls.subList(calls.size() - 20, calls.size()).stream()
                            .allMatch(call -> call.backend() == backend);
        });
        return clients.since(before).stream()
                .filter(call -> call.backend() == from)
                .mapToLong(call -> (call.began() - before) / 1_000_000)
                .max()
                .orElse(0);
    }

    @Test
    void aDeletedKeyAndALeaseThatEndsMoveNewConnections(@TempDir Path cache) throws Exception {
        try (EtcdServer etcd = EtcdServer.start();
                Greeter zero = Greeter.start(0);
                Greeter one = Greeter.start(1)) {
            etcd.put(PATH + "/a", address(zero));
            try (Ambassador ambassador = start(cache, etcd)) {
                awaitEndpoints(ambassador, 1);
                try (NewConnections clients = clients(ambassador)) {
                    long lease = etcd.lease(3600);
                    etcd.put(PATH + "/b", address(one), lease);
                    awaitEndpoints(ambassador, 2);
                    long deleted = movedAfter(clients, 0, 1, () -> etcd.delete(PATH + "/a"));
                    etcd.put(PATH + "/a", address(zero));
                    awaitEndpoints(ambassador, 2);
                    long ended = movedAfter(clients, 1, 0, () -> etcd.revoke(lease));

                    report("etcd: connections moved %d ms after a delete, %d ms after a lease", deleted, ended);
                    assertEquals(List.of(), NewConnections.failed(clients.all()));
                    Timing.assertWithin(Duration.ofSeconds(1), deleted);
                    Timing.assertWithin(Duration.ofSeconds(1), ended);
                }
            }
        }
    }

    @Test
    void theWatchedMemberIsCutOffFromTheOthers(@TempDir Path cache) throws Exception {
        try (Netns netns = Netns.create(1);
                Greeter zero = Greeter.start(0);
                Greeter one = Greeter.start(1)) {
            EtcdServer.Place outside = new EtcdServer.Place(List.of(), netns.gateway());
            List<EtcdServer> members = EtcdServer.cluster(
                    List.of(new EtcdServer.Place(netns.prefix(), netns.address(0)), outside, outside));
            EtcdServer inside = members.get(0);
            try {
                inside.put(PATH + "/a", address(zero));
                try (Ambassador ambassador = start(cache, members.toArray(EtcdServer[]::new))) {
                    awaitEndpoints(ambassador, 1);
                    leadTo(inside, members);
                    try (NewConnections clients = clients(ambassador)) {
                        await().atMost(PATIENCE).until(() -> clients.all().size() > 20);
                        netns.dropTcpBetween(inside.peerPort());
                        members.subList(1, 3).forEach(member -> netns.dropTcpBetween(member.peerPort()));
                        long cut = System.nanoTime();
                        await().atMost(PATIENCE).ignoreExceptions().until(() -> {
                            members.get(1).put(PATH + "/a", address(one));
                            return true;
                        });
                        await().atMost(PATIENCE)
                                .until(() -> clients.since(cut).stream().anyMatch(call -> call.backend() == 1));
                        long followed = millisSince(cut);

                        report("etcd: the watched member cut off from the others: followed after %d ms", followed);
                        assertEquals(List.of(), NewConnections.failed(clients.all()));
                        Timing.assertWithin(Duration.ofSeconds(10), followed);
                    }
                }
            } finally {
                members.forEach(EtcdServer::close);
            }
        }
    }

    /** Stops the others, one by one, until the ambassador watches {@code wanted}. */
    private static void leadTo(EtcdServer wanted, List<EtcdServer> members) {
        await().atMost(PATIENCE).ignoreExceptions().until(() -> {
            for (EtcdServer member : members) {
                if (member != wanted && member.watches() > 0) {
                    member.pause();
                    await().atMost(PATIENCE)
                            .ignoreExceptions()
                            .until(() -> members.stream()
                                    .filter(other -> other != member)
                                    .anyMatch(other -> other.watches() > 0));
                    member.resume();
                }
            }
            return wanted.watches() > 0;
        });
    }
}
