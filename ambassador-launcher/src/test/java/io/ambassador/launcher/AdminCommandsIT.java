package io.ambassador.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.testkit.EchoServer;
import io.ambassador.testkit.Ports;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands and a sidecar that meet at a unix socket, with a token. */
class AdminCommandsIT {
    private static final String TOKEN = "canary-5a1e77";

    @TempDir
    private Path folder;

    @Test
    void theVariablesOfASidecarLeadCommandsToIt() throws Exception {
        Path token = Files.writeString(folder.resolve("token"), TOKEN + "\n");
        Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-------"));
        Map<String, String> withoutToken = Map.of("AMBASSADOR_ADMIN_LISTEN", "unix:" + folder.resolve("admin.sock"));
        Map<String, String> environment = new HashMap<>(withoutToken);
        environment.put("AMBASSADOR_ADMIN_TOKEN_FILE", token.toString());
        int port = Ports.free();
        try (EchoServer backend = EchoServer.start();
                Jar sidecar = Jar.run(environment, "forward", port + "=127.0.0.1:" + backend.port())) {
            expect(0, environment, "wait", "--timeout", "60s");
            assertTrue(expect(0, withoutToken, "status").contains("127.0.0.1:" + backend.port()));
            assertTrue(expect(1, withoutToken, "drain").contains("HTTP 401 This needs the admin token"));
            assertFalse(sidecar.output().contains("draining"), sidecar::output);

            try (Jar watch = Jar.exec(
                    environment,
                    folder,
                    List.of(
                            "script",
                            "-qefc",
                            String.join(" ", Jar.command("status", "--watch", "--interval=100ms")),
                            "typescript"))) {
                watch.awaitOutput("\u001b[2J\u001b[H");
                watch.awaitOutput("\u001b[J\u001b[H"); // drawn again
                assertTrue(watch.output().contains("127.0.0.1:" + backend.port()), watch::output);
            }
            try (Jar watch = Jar.run(environment, "status", "--watch", "--interval=100ms")) {
                watch.awaitOutput("\n\n"); // the second table
                assertFalse(watch.output().contains("\u001b"), watch::output);
            }

            expect(0, environment, "shutdown");
            assertEquals(0, sidecar.exitCode(), sidecar::output);
            assertFalse(sidecar.output().contains(TOKEN), sidecar::output);
            assertTrue(sidecar.output().contains("without the right token"), sidecar::output);
            assertFalse(Files.exists(folder.resolve("admin.sock")));
        }
    }

    private static String expect(int code, Map<String, String> environment, String... args) throws Exception {
        try (Jar jar = Jar.run(environment, args)) {
            assertEquals(code, jar.exitCode(), jar::output);
            assertFalse(jar.output().contains(TOKEN), jar::output);
            return jar.output();
        }
    }
}
