package io.ambassador.launcher.systemd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SystemdTest {
    @TempDir
    private Path folder;

    private final List<String> warnings = new CopyOnWriteArrayList<>();

    private Systemd telling(String address) {
        return Systemd.of(Map.of("NOTIFY_SOCKET", address), warnings::add);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void itIsToldFromStartToStop(boolean abstractName) throws Exception {
        String path = folder.resolve("notify").toString();
        try (DatagramReceiver receiver = new DatagramReceiver(abstractName ? "\0" + path : path);
                Systemd systemd = telling(abstractName ? "@" + path : path)) {
            systemd.status("Waiting for discovery of redis.");
            systemd.ready("Ready.");
            long before = TimeUnit.NANOSECONDS.toMicros(System.nanoTime());
            systemd.reloading();
            long after = TimeUnit.NANOSECONDS.toMicros(System.nanoTime());
            systemd.ready("Ready.");
            systemd.stopping(Duration.ofSeconds(30));
            systemd.reloading(); // too late
            systemd.ready("Ready.");

            List<String> received = receiver.received();
            assertEquals(5, received.size(), received::toString);
            assertEquals("STATUS=Waiting for discovery of redis.", received.get(0));
            assertEquals("READY=1\nSTATUS=Ready.", received.get(1));
            String[] reloading = received.get(2).split("\n");
            assertEquals("RELOADING=1", reloading[0]);
            assertTrue(reloading[1].startsWith("MONOTONIC_USEC="), reloading[1]);
            long told = Long.parseLong(reloading[1].substring("MONOTONIC_USEC=".length()));
            assertTrue(before <= told && told <= after, before + " " + told + " " + after);
            assertEquals("READY=1\nSTATUS=Ready.", received.get(3));
            assertEquals("STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000\nSTATUS=Draining.", received.get(4));
        }
    }

    @Test
    void whoDoesNotListenIsNamedOnceAndStopsNothing() throws Exception {
        String path = folder.resolve("nobody").toString();
        try (Systemd systemd = telling(path)) {
            systemd.ready("Ready.");
            systemd.status("Still ready.");
        }

        assertEquals(1, warnings.size(), warnings::toString);
        assertTrue(
                warnings.get(0).startsWith("systemd cannot be told \"READY=1 STATUS=Ready.\": "), warnings::toString);
    }

    @ParameterizedTest
    @ValueSource(strings = {"vsock:2:1234", "relative", "LONG"})
    void anAddressThatIsNoneIsNamed(String address) throws Exception {
        String given = address.equals("LONG") ? "/" + "a".repeat(120) : address;
        try (Systemd systemd = telling(given)) {
            systemd.ready("Ready.");
        }

        assertEquals(1, warnings.size(), warnings::toString);
        assertTrue(warnings.get(0).startsWith("systemd is told nothing: NOTIFY_SOCKET: " + given), warnings::toString);
    }

    @Test
    void withoutASocketNothingIsSaid() throws Exception {
        try (Systemd systemd = Systemd.of(Map.of(), warnings::add)) {
            systemd.watch(Map.of("WATCHDOG_USEC", "1000"), () -> true);
            systemd.ready("Ready.");
            systemd.stopping(Duration.ZERO);
        }

        assertEquals(List.of(), warnings);
    }

    @Test
    void theWatchdogIsFedWhileTheProcessLives() throws Exception {
        String path = folder.resolve("notify").toString();
        AtomicBoolean alive = new AtomicBoolean(true);
        try (DatagramReceiver receiver = new DatagramReceiver(path);
                Systemd systemd = telling(path)) {
            systemd.watch(Map.of("WATCHDOG_USEC", "20000"), () -> {
                if (!alive.get()) {
                    throw new IllegalStateException("stuck");
                }
                return true;
            });
            Awaitility.await().until(() -> receiver.received().size() >= 3);
            assertTrue(receiver.received().stream().allMatch("WATCHDOG=1"::equals));

            alive.set(false);
            Awaitility.await().until(() -> warnings.size() >= 3);
            int fed = receiver.received().size();
            Awaitility.await().until(() -> warnings.size() >= 6);
            assertEquals(fed, receiver.received().size());
            alive.set(true);
            Awaitility.await().until(() -> receiver.received().size() > fed);
        }
    }

    @ParameterizedTest
    @CsvSource({"30000000, '', 30", "30000000, OURS, 30", "30000000, 1, ", "0, '', ", "soon, '', ", "'', '', "})
    void theWatchdogIsForOneProcess(String micros, String process, Long seconds) {
        String pid =
                process.equals("OURS") ? Long.toString(ProcessHandle.current().pid()) : process;
        Duration interval = Systemd.watchdogInterval(Map.of("WATCHDOG_USEC", micros, "WATCHDOG_PID", pid));

        if (seconds == null) {
            assertNull(interval);
        } else {
            assertEquals(Duration.ofSeconds(seconds), interval);
        }
    }

    @Test
    void anApplicationIsNotToldOfTheSocket() {
        Map<String, String> environment =
                new HashMap<>(Map.of("NOTIFY_SOCKET", "/n", "WATCHDOG_USEC", "1", "WATCHDOG_PID", "1", "PATH", "/bin"));

        Systemd.hide(environment);

        assertEquals(Map.of("PATH", "/bin"), environment);
    }
}
