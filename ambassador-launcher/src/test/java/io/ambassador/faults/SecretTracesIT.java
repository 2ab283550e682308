package io.ambassador.faults;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.testkit.Daemon;
import io.ambassador.testkit.RedisServer;
import io.ambassador.testkit.RespClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Where a password may be found after the packaged sidecar has logged in with it, been refused with it and seen it
 * rotated, with everything logged: nowhere but in the memory of the process, and there once for each version it keeps.
 */
class SecretTracesIT {
    private static final String FIRST = "canary-first-83c1d07e";
    private static final String SECOND = "canary-second-5b29ee04";
    private static final String WRONG = "canary-wrong-c7710f6a";
    private static final int LOGINS = 500;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Test
    void aSecretIsInMemoryAlone() throws Exception {
        Path directory = Daemon.newDirectory("secret");
        Path password = directory.resolve("password");
        write(password, FIRST);
        try (RedisServer redis = RedisServer.withPassword(FIRST);
                SidecarProcess sidecar = SidecarProcess.start(
                        List.of("env", "JAVA_OPTS=-XX:-DisableAttachMechanism"),
                        Map.of(
                                "main",
                                "protocol = redis, discovery = \"static://127.0.0.1:" + redis.port()
                                        + "\", credentials { password = { file = \"" + password + "\" } }"),
                        "--log-level",
                        "trace")) {
            serve(sidecar);
            redis.command("CONFIG", "SET", "requirepass", SECOND);
            write(password, SECOND);
            await().atMost(PATIENCE).ignoreExceptions().untilAsserted(() -> assertEquals("PONG", ping(sidecar)));
            serve(sidecar);
            redis.command("CONFIG", "SET", "requirepass", "another one altogether");
            write(password, WRONG);
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThrows(RespClient.ErrorReply.class, () -> ping(sidecar)));
            String refused = assertThrows(RespClient.ErrorReply.class, () -> ping(sidecar))
                    .getMessage();
            redis.command("CONFIG", "SET", "requirepass", SECOND);
            write(password, SECOND);
            await().atMost(PATIENCE).ignoreExceptions().untilAsserted(() -> assertEquals("PONG", ping(sidecar)));

            Map<String, String> shown = new LinkedHashMap<>();
            shown.put("log", String.join("\n", sidecar.log()));
            shown.put("client", refused);
            for (String path : List.of("/", "/metrics", "/readyz", "/api/services", "/api/services/main")) {
                shown.put(path, sidecar.get(path));
            }
            for (String file : List.of("cmdline", "environ")) {
                shown.put(file, Files.readString(proc(sidecar, file), StandardCharsets.ISO_8859_1));
            }
            assertTrue(shown.get("log").contains("DEBUG"), "not everything was logged");
            shown.forEach((where, text) -> {
                for (String secret : List.of(FIRST, SECOND, WRONG)) {
                    assertFalse(text.contains(secret), where + " shows " + secret);
                }
            });
            lookIntoMemory(sidecar, directory.resolve("heap.hprof"));
        }
    }

    /** A live heap dump first runs the collector, so what it holds is what the process still refers to. */
    private static void lookIntoMemory(SidecarProcess sidecar, Path dump) throws IOException {
        Running.run(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                Long.toString(sidecar.pid()),
                "GC.heap_dump",
                dump.toString());
        int first = ProcessMemory.copies(dump, FIRST);
        int second = ProcessMemory.copies(dump, SECOND);
        int wrong = ProcessMemory.copies(dump, WRONG);
        Files.delete(dump);
        Running.report(
                "copies in a heap dump after %d logins: newest %d, versions before it %d and %d; in all memory of the"
                        + " process: %d, %d and %d",
                2 * LOGINS,
                second,
                first,
                wrong,
                ProcessMemory.copies(sidecar.pid(), SECOND),
                ProcessMemory.copies(sidecar.pid(), FIRST),
                ProcessMemory.copies(sidecar.pid(), WRONG));
        assertEquals(1, second, "the newest secret is kept once");
        assertTrue(first <= 1, first + " copies of an old secret");
        assertTrue(wrong <= 1, wrong + " copies of a refused secret");
    }

    private static void serve(SidecarProcess sidecar) {
        for (int i = 0; i < LOGINS; i++) {
            assertEquals("PONG", ping(sidecar));
        }
    }

    private static Object ping(SidecarProcess sidecar) {
        try (RespClient client = RespClient.connect(sidecar.address())) {
            return client.command("PING");
        }
    }

    private static Path proc(SidecarProcess sidecar, String file) {
        return Path.of("/proc", Long.toString(sidecar.pid()), file);
    }

    private static void write(Path file, String secret) throws IOException {
        Path next = file.resolveSibling("next");
        Files.writeString(next, secret);
        Files.setPosixFilePermissions(next, PosixFilePermissions.fromString("rw-------"));
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
