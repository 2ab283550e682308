package io.ambassador.upstream;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.service.HealthSpec;
import io.ambassador.service.LimitsSpec;
import io.ambassador.service.OnChangeSpec;
import io.ambassador.service.OnChangeSpec.Action;
import io.ambassador.service.RotationSpec;
import io.ambassador.service.ServiceSpec;
import io.ambassador.service.TlsSpec;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.discovery.EndpointSource;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.EchoServer;
import io.ambassador.testkit.Ports;
import io.ambassador.testkit.ScriptedServer;
import io.ambassador.testkit.ScriptedServer.Connection;
import io.ambassador.transport.ServerTls;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a change of credentials, TLS, protocol and warm connections means for connections old and new. */
class LiveChangeLineTest extends LineTest {
    private static final HealthSpec WITHOUT_PROBES = HealthSpec.DEFAULT.withProbe(null);

    private final int port = Ports.free();
    private final List<String> logins = new CopyOnWriteArrayList<>();
    private final TestSecret newSecret = new TestSecret("n3w");

    private void letIn(Connection connection) throws IOException {
        LineServer.say(connection, "WELCOME\n");
        logins.add(LineServer.line(connection.in()));
        LineServer.say(connection, "OK\n");
        LineServer.echo(connection);
    }

    /** As {@link #serve} has it, but for {@code more}. */
    private ServiceSpec spec(EndpointSource source, Definition more) throws ConfigurationException {
        return Ambassador.describe("line", s -> {
            s.listen("127.0.0.1", port)
                    .protocol(protocol, new LineProtocol.Config())
                    .credentials(secret.credentials("app"))
                    .health(WITHOUT_PROBES)
                    .discover(source);
            more.define(s);
        });
    }

    private void start(EndpointSource source, Definition more) throws Exception {
        ambassador = Ambassador.builder()
                .meterRegistry(meters)
                .eventLoops(1)
                .service(spec(source, more))
                .start();
        await().atMost(PATIENCE).until(ambassador::isReady);
    }

    private Socket logIn() throws IOException {
        Socket client = connect();
        send(client, "HELLO k\n");
        assertEquals("READY\n", read(client, 6));
        return client;
    }

    private static void echoes(Socket client) throws IOException {
        send(client, "abc");
        assertEquals("abc", read(client, 3));
    }

    @Test
    void newConnectionsLogInWithNewCredentialsAndOldOnesLiveOn() throws Exception {
        try (ScriptedServer backend = ScriptedServer.start(this::letIn)) {
            EndpointSource source = known(backend.endpoint());
            start(source, s -> {});
            try (Socket old = logIn()) {
                ambassador.apply(List.of(spec(source, s -> s.credentials(newSecret.credentials("app2")))));
                try (Socket young = logIn()) {
                    echoes(young);
                }
                echoes(old);
                assertEquals(List.of("LOGIN app s3cret k", "LOGIN app2 n3w k"), logins);
                assertEquals(List.of(1L, 2L), protocol.versions, "never one number for two secrets");
            }
            int reads = secret.reads.get();
            await().during(Duration.ofMillis(400)).atMost(PATIENCE).until(() -> secret.reads.get() == reads);
        }
    }

    @Test
    void aLoginUnderWayEndsAsItBegan() throws Exception {
        CountDownLatch began = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        try (ScriptedServer backend = ScriptedServer.start(connection -> {
            began.countDown();
            waitFor(goOn);
            letIn(connection);
        })) {
            EndpointSource source = known(backend.endpoint());
            start(source, s -> {});
            try (Socket client = connect()) {
                send(client, "HELLO k\n");
                began.await();
                ambassador.apply(List.of(spec(source, s -> s.credentials(newSecret.credentials("app2")))));
                ambassador.apply(List.of(spec(source, s -> s.credentials(null))));
                goOn.countDown();
                assertEquals("READY\n", read(client, 6));
                echoes(client);
            }
            assertEquals(List.of("LOGIN app s3cret k"), logins);
        }
    }

    @Test
    void onRotationDecidesAboutConnectionsWithTheCredentialsOfBefore() throws Exception {
        try (ScriptedServer backend = ScriptedServer.start(this::letIn)) {
            EndpointSource source = known(backend.endpoint());
            start(source, s -> {});
            try (Socket old = logIn()) {
                RotationSpec draining = new RotationSpec(
                        null,
                        RotationSpec.DEFAULT.keepPrevious(),
                        RotationSpec.DEFAULT.maxWait(),
                        Duration.ofSeconds(2));
                ambassador.apply(List.of(spec(
                        source, s -> s.credentials(newSecret.credentials("app2").rotating(draining)))));
                echoes(old);
                try (Socket young = logIn()) {
                    assertThrows(
                            SocketException.class, () -> old.getInputStream().read());
                    await().atMost(PATIENCE).untilAsserted(() -> assertEquals(1, closed("rotated")));
                    echoes(young);
                }
            }
        }
    }

    @Test
    void aSecretThatCannotBeReadRejectsTheChange() throws Exception {
        try (ScriptedServer backend = ScriptedServer.start(this::letIn)) {
            EndpointSource source = known(backend.endpoint());
            start(source, s -> {});
            newSecret.password = null;
            ConfigurationException failure = assertThrows(
                    ConfigurationException.class,
                    () -> ambassador.apply(List.of(spec(source, s -> s.credentials(newSecret.credentials("app2"))))));

            assertEquals("services.line.credentials.password: the test has no secret", failure.getMessage());
            assertEquals(1, ambassador.generation());
            logIn().close();
            assertEquals(List.of("LOGIN app s3cret k"), logins);
            int reads = newSecret.reads.get();
            await().during(Duration.ofMillis(400)).atMost(PATIENCE).until(() -> newSecret.reads.get() == reads);
        }
    }

    @Test
    void equalCredentialsKeepTheirSecret() throws Exception {
        try (ScriptedServer backend = ScriptedServer.start(this::letIn)) {
            EndpointSource source = known(backend.endpoint());
            start(source, s -> {});
            logIn().close();
            secret.password = null; // what was read is what there is

            ambassador.apply(List.of(
                    spec(source, s -> s.limits(LimitsSpec.DEFAULT.withGreetingTimeout(Duration.ofSeconds(5))))));

            logIn().close();
            assertEquals(List.of(1L, 1L), protocol.versions);
        }
    }

    @Test
    void newConnectionsAreEncryptedAndOldOnesLiveOn(@TempDir Path directory) throws Exception {
        Certificates certificates = Certificates.in(directory);
        Certificates.Issued issued = certificates.server("backend.example");
        try (ScriptedServer plain = ScriptedServer.start(this::letIn);
                ScriptedServer encrypted = ScriptedServer.start(connection -> {
                    SSLSocket tls;
                    try {
                        tls = (SSLSocket) ServerTls.context(issued, null)
                                .getSocketFactory()
                                .createSocket(connection.socket(), null, false);
                    } catch (Exception e) {
                        throw new IOException(e);
                    }
                    tls.setUseClientMode(false);
                    letIn(new Connection(tls, tls.getInputStream(), tls.getOutputStream()));
                })) {
            OnChangeSpec keep = new OnChangeSpec(Action.KEEP, Action.CLOSE, Action.CLOSE, Duration.ofSeconds(30));
            start(known(plain.endpoint()), s -> s.onChange(keep));
            try (Socket old = logIn()) {
                ambassador.apply(List.of(spec(
                        known(encrypted.endpoint()),
                        s -> s.onChange(keep).tls(new TlsSpec("backend.example", certificates.ca(), null, null)))));
                await().atMost(PATIENCE).untilAsserted(() -> {
                    try (Socket young = logIn()) {
                        echoes(young);
                    }
                    assertTrue(encrypted.accepted() > 0);
                });
                echoes(old);
            }
        }
    }

    @Test
    void aProtocolIsForNewConnections() throws Exception {
        try (EchoServer echo = EchoServer.start();
                ScriptedServer backend = ScriptedServer.start(this::letIn)) {
            Endpoint both = backend.endpoint();
            ServiceSpec tcp = Ambassador.describe(
                    "line",
                    s -> s.listen("127.0.0.1", port)
                            .health(WITHOUT_PROBES)
                            .onChange(new OnChangeSpec(Action.KEEP, Action.CLOSE, Action.CLOSE, Duration.ofSeconds(30)))
                            .discover(known(echo.endpoint())));
            ambassador = Ambassador.builder().meterRegistry(meters).service(tcp).start();
            await().atMost(PATIENCE).until(ambassador::isReady);
            try (Socket old = connect()) {
                echoes(old);
                ambassador.apply(List.of(spec(known(both), s -> s.onChange(tcp.onChange()))));
                await().atMost(PATIENCE)
                        .until(() -> status().endpoints().stream()
                                .anyMatch(endpoint -> endpoint.endpoint().equals(both)));
                try (Socket young = logIn()) {
                    echoes(young);
                }
                echoes(old);
            }
        }
    }

    @Test
    void warmConnectionsAreMadeAnewAndCountsGoOn() throws Exception {
        protocol.commonWarmKey = "k";
        try (ScriptedServer backend = ScriptedServer.start(this::letIn)) {
            EndpointSource source = known(backend.endpoint());
            LimitsSpec warm = LimitsSpec.DEFAULT.withPrewarm(1, Duration.ofMinutes(1));
            start(source, s -> s.limits(warm));
            awaitIdle(1);
            call();
            awaitIdle(1);
            ambassador.apply(List.of(spec(source, s -> s.limits(warm).credentials(newSecret.credentials("app2")))));
            awaitIdle(1);
            call();

            assertEquals(
                    2,
                    meters.get("ambassador.prewarm.clients")
                            .tag("outcome", "taken")
                            .functionCounter()
                            .count());
            assertTrue(logins.contains("LOGIN app2 n3w k"), logins::toString);
            ambassador.apply(List.of(spec(source, s -> s.credentials(newSecret.credentials("app2")))));
            assertEquals(
                    List.of(),
                    List.copyOf(meters.find("ambassador.prewarm.idle").gauges()));
            await().atMost(PATIENCE).until(() -> backend.open() == 0);
        }
    }

    private void call() throws IOException {
        try (Socket client = connect()) {
            send(client, "HELLO k\nabc");
            assertEquals("READY\nabc", read(client, 9));
        }
    }

    private void awaitIdle(int connections) {
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertEquals(
                        connections,
                        meters.get("ambassador.prewarm.idle").gauge().value()));
    }

    private Set<String> registered() {
        return meters.getMeters().stream()
                .map(meter -> meter.getId().toString())
                .filter(id -> !id.contains("config.changes"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void thousandsOfChangesLeaveNothingBehind() throws Exception {
        int changes = Integer.getInteger("livechange.changes", 200);
        try (ScriptedServer backend = ScriptedServer.start(this::letIn)) {
            EndpointSource source = known(backend.endpoint());
            start(source, s -> {});
            logIn().close();
            await().atMost(PATIENCE).until(() -> status().activeConnections() == 0);
            int threads = Thread.activeCount();
            Set<String> registered = registered();
            List<WeakReference<TestSecret>> secrets = new ArrayList<>();
            for (int i = 0; i < changes; i++) {
                TestSecret each = new TestSecret("n3w " + i);
                secrets.add(new WeakReference<>(each));
                String user = "app" + i;
                ambassador.apply(List.of(
                        spec(known(backend.endpoint()), s -> s.credentials(each.credentials(user))),
                        Ambassador.describe(
                                "extra" + user, s -> s.listen("127.0.0.1", 0).discover(source))));
            }
            ambassador.apply(List.of(spec(source, s -> {})));
            logIn().close();
            assertEquals(changes + 2, ambassador.generation());
            await().atMost(PATIENCE).untilAsserted(() -> assertEquals(registered, registered()));
            await().atMost(PATIENCE).until(() -> Thread.activeCount() <= threads + 2);
            await().atMost(PATIENCE).untilAsserted(() -> {
                System.gc();
                assertEquals(
                        List.of(),
                        IntStream.range(0, changes)
                                .filter(i -> secrets.get(i).get() != null)
                                .boxed()
                                .toList());
            });
            assertEquals(new InetSocketAddress("127.0.0.1", port), ambassador.address("line"));
        }
    }
}
