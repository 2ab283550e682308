package io.ambassador.faults;

import static io.ambassador.faults.Running.report;
import static io.ambassador.faults.Running.status;
import static io.ambassador.testkit.DockerEngine.IMAGE;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.DockerEngine;
import io.ambassador.testkit.Ports;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Containers of a real Docker Engine, each of which answers every connection with its number. */
class DockerIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Map<String, ?> SHOP = Map.of("label", "app=shop", "port", Container.PORT);

    private static DockerEngine engine;
    private static int tlsPort;
    private static Certificates authority;

    @TempDir
    static Path certificates;

    @TempDir
    Path folder;

    @BeforeAll
    static void startEngine() {
        authority = Certificates.in(certificates);
        Certificates.Issued own = authority.server("127.0.0.1");
        tlsPort = Ports.free();
        engine = DockerEngine.start(
                "--host=tcp://127.0.0.1:" + tlsPort,
                "--tlsverify",
                "--tlscacert=" + authority.ca(),
                "--tlscert=" + own.certificate(),
                "--tlskey=" + own.key());
    }

    @AfterAll
    static void stopEngine() {
        engine.close();
        assertEquals(List.of(), engine.links(), "nothing is left behind");
    }

    @AfterEach
    void removeContainers() {
        String all = engine.docker("ps", "--all", "--quiet");
        if (!all.isEmpty()) {
            List<String> remove = new ArrayList<>(List.of("rm", "--force"));
            remove.addAll(all.lines().toList());
            engine.docker(remove.toArray(String[]::new));
        }
    }

    private static void run(int number, String... options) {
        Container.run(engine, number, options);
    }

    private static Ambassador ambassador(Ambassador.Builder builder, Map<String, ?> discovery) throws Exception {
        Map<String, Object> settings = new TreeMap<>(discovery);
        settings.putIfAbsent("host", engine.host());
        return builder.service(
                        "shop",
                        service -> service.listen("127.0.0.1", 0)
                                .health(Running.WITHOUT_PROBES)
                                .discover("docker", settings))
                .start();
    }

    /** Who serves eight connections. */
    private static Set<Integer> served(Ambassador ambassador) throws IOException {
        Set<Integer> numbers = new TreeSet<>();
        for (int i = 0; i < 8; i++) {
            numbers.add(Container.call(ambassador.address("shop")));
        }
        return numbers;
    }

    private static void awaitServed(Ambassador ambassador, Integer... numbers) {
        await().atMost(PATIENCE)
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> served(ambassador).equals(Set.of(numbers)));
    }

    private static Set<String> addresses(Ambassador ambassador) {
        Set<String> addresses = new TreeSet<>();
        status(ambassador)
                .endpoints()
                .forEach(endpoint -> addresses.add(endpoint.endpoint().address()));
        return addresses;
    }

    private static String ip(String container, String network) {
        return engine.docker(
                "inspect",
                "--format",
                "{{(index .NetworkSettings.Networks \"" + network + "\").IPAddress}}",
                container);
    }

    @Test
    void startingAndStoppingAContainerMovesNewConnectionsWithinASecond() throws Exception {
        run(1);
        try (Ambassador ambassador = ambassador(Ambassador.builder(), SHOP)) {
            awaitServed(ambassador, 1);
            InetSocketAddress address = ambassador.address("shop");
            try (NewConnections clients = NewConnections.start(() -> Container.call(address), 2, 50)) {
                run(2);
                long started = System.nanoTime();
                await().atMost(PATIENCE)
                        .until(() -> clients.since(started).stream().anyMatch(call -> call.backend() == 2));
                long first = clients.since(started).stream()
                        .filter(call -> call.backend() == 2)
                        .mapToLong(NewConnections.Call::began)
                        .min()
                        .orElseThrow();
                report(
                        "docker run has returned: a connection to the new container began %d ms later",
                        (first - started) / 1_000_000);

                engine.docker("stop", "shop-1");
                long stopped = System.nanoTime();
                long enough = stopped + Duration.ofSeconds(1).toNanos();
                await().atMost(PATIENCE).until(() -> clients.since(enough).size() > 25);
                assertEquals(List.of(), NewConnections.failed(clients.since(enough)));
                assertTrue(clients.since(enough).stream().allMatch(call -> call.backend() == 2));
                report(
                        "docker stop: %d of %d new connections failed",
                        NewConnections.failed(clients.all()).size(),
                        clients.all().size());
            }
            await().atMost(PATIENCE).until(() -> status(ambassador).endpoints().size() == 1);
            Endpoint left = status(ambassador).endpoints().get(0).endpoint();
            assertEquals("shop-2", left.metadata().get("container"));
            assertEquals("shop", left.metadata().get("label.app"));
        }
    }

    @Test
    void engineWithTlsIsVerifiedAndWantsACertificate() throws Exception {
        run(1);
        Certificates others = Certificates.in(folder);
        try (Ambassador right = withTls(authority, authority.client("ambassador"));
                Ambassador stranger = withTls(authority, others.client("ambassador"));
                Ambassador deceived = withTls(others, authority.client("ambassador"))) {
            awaitServed(right, 1);
            run(2);
            awaitServed(right, 1, 2);
            for (Ambassador refused : List.of(stranger, deceived)) {
                await().atMost(PATIENCE)
                        .until(() -> status(refused).sources().get(0).state().equals("unreachable"));
            }
            String why = status(deceived).sources().get(0).lastError();
            assertTrue(why.contains("TLS failed"), why);
        }
    }

    private static Ambassador withTls(Certificates trusted, Certificates.Issued own) throws Exception {
        return ambassador(
                Ambassador.builder(),
                Map.of(
                        "host",
                        "tcp://127.0.0.1:" + tlsPort,
                        "label",
                        "app=shop",
                        "port",
                        7000,
                        "tls",
                        Map.of(
                                "ca", trusted.ca().toString(),
                                "certificate", own.certificate().toString(),
                                "key", own.key().toString())));
    }

    @Test
    void pausedAndRenamedContainersLeave() throws Exception {
        run(1);
        run(2);
        try (Ambassador all = ambassador(Ambassador.builder(), SHOP);
                Ambassador named = ambassador(Ambassador.builder(), Map.of("container", "shop-2", "port", 7000))) {
            awaitServed(all, 1, 2);
            awaitServed(named, 2);
            engine.docker("pause", "shop-1");
            await().atMost(PATIENCE).until(() -> addresses(all).size() == 1);
            awaitServed(all, 2);
            engine.docker("unpause", "shop-1");
            awaitServed(all, 1, 2);
            engine.docker("rename", "shop-2", "shop-3");
            engine.docker("rename", "shop-1", "shop-2");
            awaitServed(named, 1);
        }
    }

    @Test
    void healthCheckDecides() throws Exception {
        String[] check = {"--health-cmd", "test -e /well", "--health-interval", "1s", "--health-retries", "1"};
        run(1, check);
        run(2);
        try (Ambassador healthy = ambassador(Ambassador.builder(), SHOP);
                Ambassador any =
                        ambassador(Ambassador.builder(), Map.of("label", "app=shop", "port", 7000, "health", "any"))) {
            awaitServed(any, 1, 2);
            awaitServed(healthy, 2);
            engine.docker("exec", "shop-1", "mkdir", "/well");
            awaitServed(healthy, 1, 2);
            engine.docker("exec", "shop-1", "rm", "-r", "/well");
            awaitServed(healthy, 2);
            awaitServed(any, 1, 2);
        }
    }

    @Test
    void publishedPortOrAddressInANetwork() throws Exception {
        engine.docker("network", "create", "front");
        String subnet = engine.networks() + "64.";
        engine.docker("network", "create", "--subnet", subnet + "0/24", "back");
        run(1, "--publish", "127.0.0.1::7000", "--network", "front");
        engine.docker("network", "connect", "back", "shop-1");
        String published = engine.docker("port", "shop-1", "7000");
        try (Ambassador automatic = ambassador(Ambassador.builder(), Map.of("container", "shop-1"));
                Ambassador back = ambassador(Ambassador.builder(), Map.of("container", "shop-1", "network", "back"))) {
            awaitServed(automatic, 1);
            assertEquals(Set.of(published), addresses(automatic));
            awaitServed(back, 1);
            assertEquals(Set.of(ip("shop-1", "back") + ":7000"), addresses(back));

            engine.docker("network", "disconnect", "back", "shop-1");
            engine.docker("network", "connect", "--ip", subnet + "77", "back", "shop-1");
            awaitServed(back, 1);
            await().atMost(PATIENCE).until(() -> addresses(back).contains(subnet + "77" + ":7000"));
        }
        engine.docker("run", "--detach", "--name", "shop-2", "--network", "container:shop-1", IMAGE, "sleep", "600");
        try (Ambassador guest =
                ambassador(Ambassador.builder(), Map.of("container", "shop-2", "network", "front", "port", 7000))) {
            await().atMost(PATIENCE).until(() -> addresses(guest).equals(Set.of(ip("shop-1", "front") + ":7000")));
        }
    }

    @Test
    void engineThatTakesItsContainersAlongIsRightWithinFiveSecondsOfItsReturn() throws Exception {
        for (int i = 1; i <= 3; i++) {
            run(i, "--restart", "always");
        }
        try (Ambassador ambassador = ambassador(Ambassador.builder(), SHOP)) {
            awaitServed(ambassador, 1, 2, 3);
            InetSocketAddress address = ambassador.address("shop");
            try (NewConnections clients = NewConnections.start(() -> Container.call(address), 4, 50)) {
                engine.docker("update", "--restart", "no", "shop-3"); // it will not return
                engine.stop("TERM");
                engine.restart();
                long back = System.nanoTime();
                long enough = back + Duration.ofSeconds(5).toNanos();
                await().atMost(PATIENCE).until(() -> clients.since(enough).size() > 50);
                List<NewConnections.Call> later = clients.since(enough);
                assertEquals(List.of(), NewConnections.failed(later));
                // One whose connections failed meanwhile may be ejected for a while yet.
                assertTrue(later.stream().allMatch(call -> call.backend() == 1 || call.backend() == 2));
                awaitServed(ambassador, 1, 2);
                long last = clients.since(back).stream()
                        .filter(call -> call.error() != null)
                        .mapToLong(NewConnections.Call::began)
                        .max()
                        .orElse(back);
                report(
                        "engine is back with its containers: the last connection that failed began %d ms later",
                        (last - back) / 1_000_000);
            }
        }
    }
}
