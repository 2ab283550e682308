package io.ambassador.discovery.mdns;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointState.Known;
import io.ambassador.spi.discovery.EndpointState.Unreachable;
import io.ambassador.testkit.Avahi;
import io.ambassador.testkit.ControlThread;
import io.ambassador.testkit.RandomChanges;
import io.ambassador.testkit.RecordingListener;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A real responder across a link. */
class AvahiIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int CHANGES = Integer.getInteger("mdns.changes.avahi", 60);

    private static final int OUTAGES = Math.max(3, CHANGES / 200);

    private static Avahi avahi;
    private static ControlThread control;

    @BeforeAll
    static void start() {
        avahi = Avahi.start();
        control = new ControlThread();
    }

    @AfterAll
    static void stop() {
        control.close();
        avahi.close();
    }

    private static RecordingListener follow(String service, Map<String, String> more) {
        Map<String, Object> settings = new HashMap<>(more);
        settings.put("service", service);
        settings.put("interface", avahi.networkInterface());
        MdnsProvider provider = new MdnsProvider();
        return RecordingListener.watch(
                provider.create(provider.parse(Settings.of("discovery", settings)), control.scheduler()));
    }

    private static Set<Endpoint> known(RecordingListener seen) {
        return seen.last() instanceof Known known ? known.endpoints() : Set.of();
    }

    private static Set<String> instances(RecordingListener seen) {
        return known(seen).stream()
                .map(endpoint -> endpoint.metadata().get("instance"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void whatIsPublishedIsAnEndpointAndItsTextIsMetadata() {
        try (Avahi.Publication published = avahi.publish(
                        "Büro: Redis v1.2 \\ 2", "_named._tcp", 6379, "path=/a=b", "flag", "role=primary");
                RecordingListener seen = follow("_named._tcp", Map.of())) {
            await().atMost(PATIENCE).until(() -> !known(seen).isEmpty());

            Endpoint endpoint = known(seen).iterator().next();
            assertEquals(avahi.address() + ":6379", endpoint.address());
            assertEquals(
                    Map.of(
                            "instance", "Büro: Redis v1.2 \\ 2",
                            "name", avahi.host(),
                            "txt.path", "/a=b",
                            "txt.flag", "",
                            "txt.role", "primary"),
                    endpoint.metadata());
            assertEquals(1, seen.all().size(), () -> "told in parts: " + seen.all());
        }
    }

    @Test
    void oneInstanceMayBeChosenByName() {
        try (Avahi.Publication one = avahi.begin(avahi.host(), "one", "_chosen._tcp", 1);
                Avahi.Publication two = avahi.begin(avahi.host(), "two. really", "_chosen._tcp", 2);
                RecordingListener seen = follow("_chosen._tcp", Map.of("instance", "Two. Really"))) {
            await().atMost(PATIENCE).until(() -> !known(seen).isEmpty());
            assertEquals(Set.of("two. really"), instances(seen));
        }
    }

    @Test
    void comingChangingAndGoingIsFollowed() {
        try (RecordingListener seen = follow("_moving._tcp", Map.of())) {
            try (Avahi.Publication stays = avahi.publish("stays", "_moving._tcp", 1)) {
                await().atMost(PATIENCE).until(() -> instances(seen).equals(Set.of("stays")));
                Avahi.Publication goes = avahi.publish("goes", "_moving._tcp", 2);
                await().atMost(PATIENCE).until(() -> instances(seen).equals(Set.of("stays", "goes")));

                goes.close();
                await().atMost(PATIENCE).until(() -> instances(seen).equals(Set.of("stays")));
                try (Avahi.Publication back = avahi.publish("goes", "_moving._tcp", 3)) {
                    await().atMost(PATIENCE)
                            .until(() ->
                                    seen.addresses().equals(Set.of(avahi.address() + ":1", avahi.address() + ":3")));
                }
            }
            await().atMost(PATIENCE)
                    .until(() -> seen.last() instanceof Known known
                            && known.endpoints().isEmpty());
        }
    }

    @Test
    void ipv6AloneIsEnough() {
        try (Avahi own = Avahi.start(false);
                Avahi.Publication published = own.publish("one", "_six._tcp", 1)) {
            MdnsProvider provider = new MdnsProvider();
            Settings settings =
                    Settings.of("discovery", Map.of("service", "_six._tcp", "interface", own.networkInterface()));
            try (RecordingListener seen =
                    RecordingListener.watch(provider.create(provider.parse(settings), control.scheduler()))) {
                await().atMost(PATIENCE).until(() -> seen.addresses().equals(Set.of("[" + own.address6() + "]:1")));
            }
        }
    }

    @Test
    void allThatIsFollowedOnALinkThatFailsIsFollowedAgain() {
        try (Avahi.Publication one = avahi.begin(avahi.host(), "one", "_one._tcp", 1);
                Avahi.Publication two = avahi.begin(avahi.host(), "two", "_two._tcp", 2);
                RecordingListener seenOne = follow("_one._tcp", Map.of());
                RecordingListener seenTwo = follow("_two._tcp", Map.of())) {
            await().atMost(PATIENCE)
                    .until(() -> !known(seenOne).isEmpty() && !known(seenTwo).isEmpty());
            avahi.forbid();
            try (RecordingListener asks = follow("_three._tcp", Map.of())) {
                await().atMost(PATIENCE)
                        .until(() -> seenOne.last() instanceof Unreachable
                                && seenTwo.last() instanceof Unreachable
                                && asks.last() instanceof Unreachable);
            }
            avahi.allow();
            await().atMost(PATIENCE)
                    .until(() -> !known(seenOne).isEmpty() && !known(seenTwo).isEmpty());
        } finally {
            avahi.allow();
        }
    }

    @Test
    void whatIsPublishedInTheEndIsWhatIsKnown() throws Exception {
        long seed = System.nanoTime();
        try (RecordingListener seen = follow("_random._tcp", Map.of("max-ttl", "5s"));
                Publications publications = new Publications(seen)) {
            long began = System.nanoTime();
            Set<String> expected = RandomChanges.make(publications, CHANGES, OUTAGES * 2, seed);
            publications.repeatFailed();
            Duration made = Duration.ofNanos(System.nanoTime() - began);
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertEquals(expected, seen.addresses(), () -> "seed " + seed));
            System.out.printf(
                    "%d changes with %d outages made within %s, %d announced; their %d endpoints known %s later, %d states told%n",
                    CHANGES,
                    OUTAGES,
                    made,
                    publications.announced(),
                    expected.size(),
                    Duration.ofNanos(System.nanoTime() - began).minus(made),
                    seen.all().size());
        }
    }

    /** Each key is an instance on a host of its own. Now and then it is waited until the link has agreed to the last one. */
    private static final class Publications implements RandomChanges.Registry, AutoCloseable {
        private static final int BATCH = 20;

        private final Map<Integer, String> endpoints = new HashMap<>();
        private final Map<Integer, List<Avahi.Publication>> published = new HashMap<>();
        private final RecordingListener seen;
        private int announced;
        private boolean outage;
        private int puts;

        private Publications(RecordingListener seen) {
            this.seen = seen;
        }

        @Override
        public void put(int key, String endpoint) {
            delete(key);
            int colon = endpoint.indexOf(':');
            String address = endpoint.substring(0, colon);
            int port = Integer.parseInt(endpoint.substring(colon + 1));
            String host = "h" + address.replace('.', '-') + ".local";
            Avahi.Publication where = avahi.beginAddress(host, address);
            Avahi.Publication who = avahi.begin(host, "key " + key, "_random._tcp", port);
            endpoints.put(key, endpoint);
            published.put(key, List.of(where, who));
            puts++;
            if (puts % BATCH == 0 && !outage) {
                await().atMost(PATIENCE).until(() -> who.established() > 0);
            }
        }

        @Override
        public void delete(int key) {
            List<Avahi.Publication> before = published.remove(key);
            if (before != null) {
                announced += before.get(1).established() > 0 ? 1 : 0;
                before.forEach(Avahi.Publication::close);
            }
        }

        /** Those that the link has agreed to before the next change. */
        int announced() {
            return announced
                    + (int) published.values().stream()
                            .filter(each -> each.get(1).established() > 0)
                            .count();
        }

        void repeatFailed() {
            Map.copyOf(published).forEach((key, each) -> {
                if (!each.stream().allMatch(Avahi.Publication::isAlive)) {
                    put(key, endpoints.get(key));
                }
            });
        }

        /** Begins or ends an outage, one kind after the other; of many, half last until they are noticed. */
        @Override
        public void disturb(int time) {
            if (outage && time > 6 && time / 6 % 2 == 0) {
                await().atMost(PATIENCE).until(() -> seen.last() instanceof Unreachable);
            }
            outage = !outage;
            switch ((time - 1) % 6) {
                case 0 -> avahi.kill();
                case 1 -> avahi.restart();
                case 2 -> avahi.pause();
                case 3 -> avahi.resume();
                case 4 -> avahi.cutOff();
                default -> avahi.reconnect();
            }
        }

        @Override
        public void close() {
            published.values().forEach(each -> each.forEach(Avahi.Publication::close));
        }
    }
}
