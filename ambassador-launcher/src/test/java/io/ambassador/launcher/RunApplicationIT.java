package io.ambassador.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.testkit.EchoServer;
import io.ambassador.testkit.Ports;
import io.ambassador.testkit.RedisServer;
import io.ambassador.testkit.RespClient;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code run -- APP}: the application finds the sidecar ready, and has it until its own end. */
class RunApplicationIT {
    private final int port = Ports.free();

    private Jar run(int backend, String... application) {
        List<String> args = new ArrayList<>(List.of(
                "run",
                "--set",
                "admin.listen=off",
                "--set",
                "services.main.listen=" + port,
                "--set",
                "services.main.discovery=static://127.0.0.1:" + backend,
                "--"));
        args.addAll(List.of(application));
        return Jar.run(args.toArray(String[]::new));
    }

    @Test
    void theApplicationIsServedAtOnceAndItsCodeIsOurs() throws Exception {
        try (RedisServer redis = RedisServer.start();
                Jar jar = run(redis.port(), "sh", "-c", "redis-cli -p " + port + " SET greeting hello && exit 7")) {
            assertEquals(7, jar.exitCode(), jar::output);
            assertTrue(jar.output().lines().anyMatch("OK"::equals), jar::output);
            try (RespClient client = RespClient.connect("127.0.0.1", redis.port())) {
                assertEquals("hello", client.command("GET", "greeting"));
            }
        }
    }

    @Test
    void anApplicationIsServedInItsOwnSigtermHandler() throws Exception {
        String script =
                "trap 'redis-cli -p %d SET last word; exit 5' TERM; echo waiting; while true; do sleep 0.1; done"
                        .formatted(port);
        try (RedisServer redis = RedisServer.start();
                Jar jar = run(redis.port(), "sh", "-c", script).awaitOutput("waiting")) {
            jar.signal("TERM");

            assertEquals(5, jar.exitCode(), jar::output);
            try (RespClient client = RespClient.connect("127.0.0.1", redis.port())) {
                assertEquals("word", client.command("GET", "last"));
            }
        }
    }

    @Test
    void signalsArePassedOn() throws Exception {
        String script = "trap 'echo hung up' HUP; trap 'echo interrupted; exit 3' INT; echo waiting;"
                + " while true; do sleep 0.1; done";
        try (EchoServer backend = EchoServer.start();
                Jar jar = run(backend.port(), "sh", "-c", script).awaitOutput("waiting")) {
            jar.signal("HUP");
            jar.awaitOutput("hung up");
            jar.signal("INT");

            assertEquals(3, jar.exitCode(), jar::output);
        }
    }

    @Test
    void anApplicationThatASignalEndedHasTheCodeOfAShell() throws Exception {
        try (EchoServer backend = EchoServer.start();
                Jar jar = run(backend.port(), "sh", "-c", "kill -KILL $$")) {
            assertEquals(137, jar.exitCode(), jar::output);
        }
    }

    @Test
    void anApplicationThatCannotBeRunIsNamed(@TempDir Path folder) throws Exception {
        try (EchoServer backend = EchoServer.start()) {
            try (Jar missing = run(backend.port(), "no-such-program")) {
                assertEquals(127, missing.exitCode(), missing::output);
                assertTrue(missing.output().contains("Cannot run no-such-program: it is not found"), missing::output);
            }
            try (Jar noProgram = run(backend.port(), folder.toString())) {
                assertEquals(126, noProgram.exitCode(), noProgram::output);
            }
        }
    }

    @Test
    void anApplicationIsNotStartedWithoutItsServices() throws Exception {
        try (Jar jar = Jar.run("run", "--set", "services.main.listen=1", "--", "echo", "started anyway")) {
            assertEquals(2, jar.exitCode(), jar::output);
            assertFalse(jar.output().contains("started anyway"), jar::output);
        }
    }

    @Test
    void anApplicationStandsBehindTwoDashes() throws Exception {
        try (Jar jar = Jar.run("run", "echo")) {
            assertEquals(2, jar.exitCode(), jar::output);
            assertTrue(jar.output().contains("write -- before"), jar::output);
        }
    }
}
