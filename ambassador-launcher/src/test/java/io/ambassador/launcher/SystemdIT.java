package io.ambassador.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.launcher.systemd.DatagramReceiver;
import io.ambassador.testkit.EchoServer;
import io.ambassador.testkit.Ports;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a real sidecar tells systemd. */
class SystemdIT {
    @TempDir
    private Path folder;

    @Test
    void itIsToldOfStartReloadLifeAndStop() throws Exception {
        Path socket = folder.resolve("notify");
        try (DatagramReceiver systemd = new DatagramReceiver(socket.toString());
                EchoServer backend = EchoServer.start()) {
            Path file = Files.writeString(
                    folder.resolve("a.conf"),
                    "ambassador { admin.listen = off, services.a { listen = " + Ports.free()
                            + ", discovery = \"static://127.0.0.1:" + backend.port()
                            + "\", on-change.drain-timeout = 7s } }");
            Map<String, String> environment = Map.of("NOTIFY_SOCKET", socket.toString(), "WATCHDOG_USEC", "1000000");
            try (Jar jar = Jar.run(environment, "run", "-c", file.toString())) {
                systemd.await(message -> message.startsWith("READY=1\n"));
                systemd.await("WATCHDOG=1"::equals);
                assertTrue(systemd.received().stream().anyMatch("STATUS=Waiting for endpoints."::equals));

                long before = TimeUnit.NANOSECONDS.toMicros(System.nanoTime());
                jar.signal("HUP");
                String reloading = systemd.await(message -> message.startsWith("RELOADING=1\nMONOTONIC_USEC="));
                long told = Long.parseLong(reloading.split("\n")[1].substring("MONOTONIC_USEC=".length()));
                assertTrue(before <= told && told <= TimeUnit.NANOSECONDS.toMicros(System.nanoTime()), reloading);
                systemd.await(message -> List.copyOf(systemd.received()).stream()
                                .filter(each -> each.startsWith("READY=1"))
                                .count()
                        == 2);

                jar.signal("TERM");
                systemd.await("STOPPING=1\nEXTEND_TIMEOUT_USEC=12000000\nSTATUS=Draining."::equals);
                assertEquals(143, jar.exitCode(), jar::output);
            }
        }
    }

    @Test
    void anApplicationDoesNotInheritTheSocket() throws Exception {
        Path socket = folder.resolve("notify");
        try (DatagramReceiver systemd = new DatagramReceiver(socket.toString());
                EchoServer backend = EchoServer.start();
                Jar jar = Jar.run(
                        Map.of("NOTIFY_SOCKET", socket.toString()),
                        "run",
                        "--set",
                        "admin.listen=off",
                        "--set",
                        "services.a.listen=" + Ports.free(),
                        "--set",
                        "services.a.discovery=static://127.0.0.1:" + backend.port(),
                        "--",
                        "sh",
                        "-c",
                        "echo socket=$NOTIFY_SOCKET.; exit 7")) {
            assertEquals(7, jar.exitCode(), jar::output);
            assertTrue(jar.output().lines().anyMatch("socket=."::equals), jar::output);
            systemd.await(message -> message.startsWith("READY=1"));
        }
    }
}
