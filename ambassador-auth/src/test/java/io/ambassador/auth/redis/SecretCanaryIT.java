package io.ambassador.auth.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.testkit.RedisServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A secret shows in nothing that an ambassador prints, though everything is logged. */
class SecretCanaryIT {
    private static final String CANARY = "canary-7f3a91c5";

    @Test
    void aSecretIsNeverPrinted(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("password"), CANARY);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        try (RedisServer redis = RedisServer.builder().user("app", CANARY).start()) {
            ProcessBuilder builder = new ProcessBuilder(List.of(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Dorg.slf4j.simpleLogger.defaultLogLevel=trace",
                            "-cp",
                            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                            CanaryMain.class.getName(),
                            Integer.toString(redis.port()),
                            file.toString(),
                            "CANARY"))
                    .redirectErrorStream(true);
            builder.environment().put("CANARY", CANARY);
            Process process = builder.start();
            String said = new String(process.getInputStream().readAllBytes(), UTF_8);
            assertTrue(process.waitFor(60, TimeUnit.SECONDS), said);

            assertEquals(0, process.exitValue(), said);
            assertTrue(said.contains("DEBUG io.netty"), "not everything was logged");
            assertEquals(3, count(said, "answered PONG"), said);
            assertEquals(6, count(said, "refused ERR ambassador"), said);
            assertTrue(said.contains("logging in at"), said);
            assertFalse(said.contains(CANARY), "the secret is shown");
        }
    }

    private static long count(String text, String part) {
        return text.lines().filter(line -> line.startsWith(part)).count();
    }
}
