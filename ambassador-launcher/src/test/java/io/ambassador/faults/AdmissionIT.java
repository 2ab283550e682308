package io.ambassador.faults;

import static io.ambassador.faults.Running.WITHOUT_PROBES;
import static io.ambassador.faults.Running.report;
import static io.ambassador.faults.Running.status;
import static io.ambassador.testkit.Timing.assertWithin;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.Ambassador;
import io.ambassador.ServiceBuilder;
import io.ambassador.service.AllowSpec;
import io.ambassador.service.Cidr;
import io.ambassador.service.OnChangeSpec;
import io.ambassador.service.OnChangeSpec.Action;
import io.ambassador.spi.ConfigurationException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may come in, how many, how fast, and until when. */
class AdmissionIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int NOBODY = 65534;

    private interface Settings {
        void apply(ServiceBuilder service) throws ConfigurationException;
    }

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private Greeter backend;
    private Ambassador ambassador;

    @BeforeEach
    void start() {
        backend = Greeter.start(1);
    }

    @AfterEach
    void stop() {
        if (ambassador != null) {
            ambassador.close();
        }
        backend.close();
    }

    private void ambassador(Settings settings) throws Exception {
        ambassador = Ambassador.builder()
                .meterRegistry(meters)
                .service("service", s -> {
                    s.health(WITHOUT_PROBES).discover(ManualSource.of(backend.endpoint()));
                    settings.apply(s);
                })
                .start();
        await().atMost(PATIENCE).until(ambassador::isReady);
    }

    @Test
    void aUnixSocketIsTheOwnersAlone(@TempDir Path directory) throws Exception {
        Path socket = directory.resolve("service.sock");
        ambassador(s -> s.listen("unix:" + socket));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
        openToAll(directory);
        assertEquals("\0\0\0\1", say(0, socket));
        assertThrows(IllegalStateException.class, () -> say(NOBODY, socket));
        ambassador.close();
        assertFalse(Files.exists(socket));
    }

    /** Even where the file's mode would let them. */
    @Test
    void aUnixSocketServesTheUsersListedAndNoOthers(@TempDir Path directory) throws Exception {
        Path socket = directory.resolve("service.sock");
        ambassador(s -> s.listen("unix:" + socket).allow(new AllowSpec(List.of(), Set.of((long) NOBODY), List.of())));
        openToAll(directory);
        Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));
        assertEquals("\0\0\0\1", say(NOBODY, socket));
        assertEquals(0, closed("not-allowed"));
        assertEquals("", say(0, socket), "root is not on the list");
        await().atMost(PATIENCE).untilAsserted(() -> assertEquals(1, closed("not-allowed")));
        assertEquals(1, backend.accepted());
    }

    @Test
    void sourcesThatAreNotListedAreTurnedAway() throws Exception {
        ambassador(s -> s.listen("127.0.0.1", 0)
                .allow(new AllowSpec(List.of(Cidr.parse("127.0.1.0/24")), Set.of(), List.of())));
        assertEquals(1, call("127.0.1.5"));
        assertThrows(IOException.class, () -> call("127.0.2.5"));
        assertEquals(1, closed("not-allowed"));
        assertEquals(1, backend.accepted());
    }

    @Test
    void connectionsAboveTheCapAreRefusedUntilOneLeaves() throws Exception {
        ambassador(s -> s.listen("127.0.0.1", 0)
                .limits(Running.limits().maxConnections(5).build()));
        List<EchoClient> inside = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            inside.add(EchoClient.connect(ambassador.address("service")));
        }
        for (int i = 0; i < 20; i++) {
            assertThrows(IOException.class, () -> call("127.0.0.1"));
        }
        assertEquals(20, closed("limit"));
        assertEquals(5, backend.accepted());
        inside.remove(0).close();
        await().atMost(PATIENCE).until(() -> status(ambassador).activeConnections() == 4);
        assertEquals(1, call("127.0.0.1"));
        for (EchoClient client : inside) {
            client.exchange(1);
            client.close();
        }
    }

    @Test
    void connectionsAboveTheRateAreRefused() throws Exception {
        ambassador(s ->
                s.listen("127.0.0.1", 0).limits(Running.limits().rate("20/s").build()));
        long began = System.nanoTime();
        Collection<NewConnections.Call> calls = NewConnections.run(() -> call("127.0.0.1"), 4, 200);
        long periods = 1 + (System.nanoTime() - began) / 1_000_000_000L;
        int served = 200 - NewConnections.failed(calls).size();
        report("20/s: %d of 200 served within %d s", served, periods);
        assertTrue(served >= 20 && served <= 20 * (periods + 1), served + " served");
        assertEquals(200 - served, closed("limit"));
        await().atMost(PATIENCE).ignoreExceptionsInstanceOf(IOException.class).until(() -> call("127.0.0.1") == 1);
    }

    @Test
    void closingLetsConnectionsFinish() throws Exception {
        ambassador(s -> s.listen("127.0.0.1", 0));
        InetSocketAddress address = ambassador.address("service");
        try (EchoClient client = EchoClient.connect(address)) {
            CompletableFuture<Void> closing = CompletableFuture.runAsync(ambassador::close);
            await().atMost(PATIENCE).until(() -> !accepts(address));
            client.exchange(42);
            assertFalse(closing.isDone());
            client.close();
            closing.get(5, TimeUnit.SECONDS);
        }
        await().atMost(PATIENCE).untilAsserted(() -> assertEquals(List.of(), threads()));
    }

    @Test
    void closingCutsWhatIsOpenAtTheDrainTimeoutAndNothingBefore() throws Exception {
        Duration timeout = Duration.ofSeconds(2);
        ambassador(s ->
                s.listen("127.0.0.1", 0).onChange(new OnChangeSpec(Action.DRAIN, Action.CLOSE, Action.CLOSE, timeout)));
        InetSocketAddress address = ambassador.address("service");
        try (EchoClient leaving = EchoClient.connect(address);
                EchoClient staying = EchoClient.connect(address)) {
            long began = System.nanoTime();
            CompletableFuture<Void> closing = CompletableFuture.runAsync(ambassador::close);
            await().atMost(PATIENCE).until(() -> !accepts(address));
            leaving.exchange(1);
            leaving.close();
            staying.exchange(2);
            assertThrows(
                    IOException.class, () -> staying.socket().getInputStream().read());
            long millis = (System.nanoTime() - began) / 1_000_000;
            closing.get(10, TimeUnit.SECONDS);
            report("drain timeout of 2000 ms: cut after %d ms", millis);
            assertTrue(millis >= 1_900, millis + " ms");
            assertWithin(timeout, Duration.ofSeconds(2), millis);
        }
        await().atMost(PATIENCE).untilAsserted(() -> assertEquals(List.of(), threads()));
    }

    private int call(String source) throws IOException {
        try (Socket socket = new Socket()) {
            socket.bind(new InetSocketAddress(source, 0));
            socket.connect(ambassador.address("service"), 10_000);
            socket.setSoTimeout(20_000);
            return new DataInputStream(socket.getInputStream()).readInt();
        }
    }

    private double closed(String reason) {
        Counter counter = meters.find("ambassador.connections.closed")
                .tag("service", "service")
                .tag("reason", reason)
                .counter();
        return counter == null ? 0 : counter.count();
    }

    private static boolean accepts(InetSocketAddress address) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), address.getPort()), 500);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Ours that are alive; one that has done its last may take a moment to end. */
    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(Thread::isAlive)
                .map(Thread::getName)
                .filter(name -> name.startsWith("ambassador-"))
                .toList();
    }

    /** So that only the socket itself keeps others out. */
    private static void openToAll(Path directory) throws IOException {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /**
     * Connects as {@code user} and waits for what the server says.
     *
     * @throws IllegalStateException if the kernel does not let this user connect
     */
    private static String say(int user, Path socket) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        "setpriv",
                        "--reuid=" + user,
                        "--regid=" + user,
                        "--clear-groups",
                        "socat",
                        "-t2",
                        "-",
                        "UNIX-CONNECT:" + socket)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .start();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        String errors = new String(process.getErrorStream().readAllBytes(), UTF_8);
        process.waitFor();
        if (errors.contains("Permission denied")) {
            throw new IllegalStateException(errors);
        }
        return said;
    }
}
