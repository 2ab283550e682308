package io.ambassador.launcher.admin;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.explain.AccessLog;
import io.ambassador.explain.ConnectionRecord;
import io.ambassador.explain.EndReason;
import io.ambassador.explain.Event;
import io.ambassador.explain.EventKind;
import io.ambassador.explain.Journal;
import io.ambassador.explain.Observer;
import io.ambassador.explain.Phase;
import io.ambassador.explain.ServiceJournal;
import io.ambassador.explain.Trail;
import io.ambassador.service.ListenAddress;
import io.ambassador.service.ServiceStatus;
import io.ambassador.spi.discovery.Endpoint;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the admin address tells of connections and events. */
class ExplainApiTest {
    private static final Duration LONG = Duration.ofMinutes(10);

    private final Journal journal = new Journal();
    private final ServiceJournal redis = new ServiceJournal(journal, "redis", AccessLog.OFF);
    private final ServiceJournal web = new ServiceJournal(journal, "web", AccessLog.OFF);
    private final AtomicInteger observers = new AtomicInteger();
    private final Metrics metrics = new Metrics();
    private final List<AutoCloseable> open = new ArrayList<>();
    private AdminServer server;

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
        server.close();
        metrics.close();
    }

    private void serve(Duration deadline, Duration heartbeat) throws Exception {
        AdminSpec spec = AdminSpec.local(new ListenAddress.Tcp("127.0.0.1", 0), true);
        server = AdminServer.start(spec, new Told(), metrics, deadline, heartbeat);
    }

    private String get(String path) throws Exception {
        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://" + server.address() + path))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        return answer.statusCode() + " " + answer.body();
    }

    @Test
    void recentConnectionsTellEachAttempt() throws Exception {
        serve(LONG, LONG);
        Trail trail = new Trail("redis", new InetSocketAddress("127.0.0.1", 5000));
        trail.routed("redis", "listener");
        trail.enter(Phase.CONNECT);
        trail.attempted(Endpoint.of("10.0.0.1", 6379), EndReason.CONNECT_REFUSED, "said \"no\"\n", 1_234_567);
        trail.attempted(Endpoint.of("10.0.0.2", 6379), null, "", 2_000_000);
        redis.ended(trail.end(EndReason.COMPLETED, "", 1, 2));

        String told = get("/api/connections/recent");
        assertTrue(told.startsWith("200 {\"connections\":[{\"startedAt\":\"20"), told);
        assertTrue(told.contains("\"reason\":\"completed\",\"id\":\"" + trail.id() + "\",\"service\":\"redis\""), told);
        assertTrue(told.contains("\"client\":\"127.0.0.1:5000\",\"endpoint\":\"10.0.0.2:6379\""), told);
        assertTrue(
                told.contains("\"attempts\":[{\"endpoint\":\"10.0.0.1:6379\",\"outcome\":\"connect-refused\","
                        + "\"millis\":1.234,\"detail\":\"said \\\"no\\\"\\n\"},"
                        + "{\"endpoint\":\"10.0.0.2:6379\",\"outcome\":\"ready\",\"millis\":2.0}]"),
                told);
        assertTrue(told.contains("\"code\":\"---\""), told);
    }

    @Test
    void recentConnectionsCanBeNarrowedDown() throws Exception {
        serve(LONG, LONG);
        for (int port = 1; port <= 3; port++) {
            redis.ended(connection("redis", port));
            web.ended(connection("web", port));
        }
        assertEquals(6, count(get("/api/connections/recent")));
        assertEquals(3, count(get("/api/connections/recent?service=web")));
        String newest = get("/api/connections/recent?service=web&limit=1");
        assertEquals(1, count(newest));
        assertTrue(newest.contains("127.0.0.1:3"), newest);
        assertEquals("200 {\"connections\":[]}", get("/api/connections/recent?service=none"));
        assertEquals("400 limit is a number, such as 20.\n", get("/api/connections/recent?limit=-1"));
    }

    @Test
    void eventsBeginWithWhatHasHappenedAndGoOn() throws Exception {
        serve(LONG, LONG);
        journal.tell(EventKind.STARTED, "", "1 services");
        EventFollower follower = follow("");
        assertEquals("started", follower.next().kind());
        redis.tell(EventKind.ENDPOINT_ADDED, "10.0.0.1:6379", "");
        EventFollower.Told added = follower.next();
        assertEquals("endpoint-added", added.kind());
        assertTrue(
                added.data()
                        .endsWith("\"kind\":\"endpoint-added\",\"service\":\"redis\",\"subject\":\"10.0.0.1:6379\"}"),
                added.data());
        assertTrue(added.id().endsWith("-2"), added.id());
    }

    @Test
    void eventsGoOnWhereTheClientHasLeftOff() throws Exception {
        serve(LONG, LONG);
        for (int i = 1; i <= 4; i++) {
            redis.tell(EventKind.ENDPOINT_ADDED, "number " + i, "");
        }
        EventFollower follower = follow("");
        follower.next();
        String second = follower.next().id();
        assertTrue(second.endsWith("-2"), second);
        assertTrue(follow("Last-Event-ID: " + second).next().data().contains("number 3"));
        assertTrue(follow("Last-Event-ID: 00000000-3").next().data().contains("number 1"), "of another process");
        assertTrue(follow("Last-Event-ID: nonsense").next().data().contains("number 1"));
        assertTrue(follow("Last-Event-ID: " + second + "00000000000000000000")
                .next()
                .data()
                .contains("number 1"));
    }

    @Test
    void aFollowerOutlivesTheDeadlineOfOtherRequestsAndHearsThatAllIsWell() throws Exception {
        serve(Duration.ofMillis(200), Duration.ofMillis(100));
        EventFollower follower = follow("");
        for (int i = 0; i < 10; i++) {
            follower.awaitHeartbeat();
        }
        redis.tell(EventKind.ENDPOINT_ADDED, "late", "");
        assertTrue(follower.next().data().contains("late"));
    }

    @Test
    void followersAreBoundedAndForgotten() throws Exception {
        serve(LONG, LONG);
        for (int i = 0; i < EventStreams.MOST; i++) {
            follow("");
        }
        assertEquals(EventStreams.MOST, observers.get());
        assertEquals("503 Too many follow events.\n", get("/api/events"));
        assertTrue(get("/livez").startsWith("200"));
        for (AutoCloseable each : open) {
            each.close();
        }
        await().untilAsserted(() -> assertEquals(0, observers.get()));
        follow("");
    }

    @Test
    void aFollowerThatReadsNothingIsCutAndCostsNoMemory() throws Exception {
        serve(LONG, Duration.ofMillis(200));
        EventFollower follower = follow("");
        String large = "x".repeat(20_000);
        await().until(() -> {
            for (int i = 0; i < 100; i++) {
                redis.tell(EventKind.ENDPOINT_UNHEALTHY, "10.0.0.1:6379", large);
            }
            return observers.get() == 0;
        });
        assertTrue(follower.ends());
    }

    @Test
    void aHeadRequestForEventsEndsAtOnce() throws Exception {
        serve(LONG, LONG);
        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://" + server.address() + "/api/events"))
                                .method("HEAD", HttpRequest.BodyPublishers.noBody())
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertEquals(200, answer.statusCode());
        assertEquals(
                "text/event-stream", answer.headers().firstValue("Content-Type").orElseThrow());
        assertEquals(0, observers.get());
    }

    private static int count(String told) {
        return told.split("\"startedAt\"", -1).length - 1;
    }

    private static ConnectionRecord connection(String service, int port) {
        return new Trail(service, new InetSocketAddress("127.0.0.1", port)).end(EndReason.IDLE, "", 0, 0);
    }

    private EventFollower follow(String header) throws IOException {
        EventFollower follower = new EventFollower(server.address().socketAddress(), header);
        open.add(follower);
        return follower;
    }

    private final class Told extends Uneventful {
        @Override
        public List<ConnectionRecord> recentConnections() {
            List<ConnectionRecord> all = new ArrayList<>(redis.connections());
            all.addAll(web.connections());
            return all;
        }

        @Override
        public List<Event> recentEvents() {
            return journal.events();
        }

        @Override
        public AutoCloseable observe(Observer observer) {
            journal.observe(observer);
            observers.incrementAndGet();
            return () -> {
                journal.forget(observer);
                observers.decrementAndGet();
            };
        }

        @Override
        public CompletableFuture<Void> drainService(String service, boolean undo) {
            return CompletableFuture.failedFuture(new UnsupportedOperationException());
        }

        @Override
        public void drainEndpoint(String service, String endpoint, boolean undo) {
            throw new UnsupportedOperationException();
        }

        @Override
        public List<ServiceStatus> services() {
            return List.of();
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public boolean isDraining() {
            return false;
        }

        @Override
        public CompletableFuture<ReloadOutcome> reload(boolean dryRun) {
            return CompletableFuture.completedFuture(ReloadOutcome.rejected(1, List.of()));
        }

        @Override
        public void drain() {}

        @Override
        public void shutdown() {}
    }
}
