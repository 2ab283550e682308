package io.ambassador.launcher.demo;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged jar, as users run it. */
class DemoIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    @Test
    void toursOnce() throws Exception {
        Process demo = demo("--once");
        try {
            assertTrue(demo.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS), this::output);

            assertEquals(0, demo.exitValue(), this::output);
            for (String step : List.of("connect", "balance", "fail over", "discovery", "rotate")) {
                assertTrue(output().contains("✔ " + step), this::output);
            }
            assertTrue(output().contains("http-1 10, http-2 10, http-3 10"), this::output);
            assertTrue(output().contains("All 5 steps did what they say"), this::output);
            assertNothingLeft();
        } finally {
            demo.destroyForcibly();
        }
    }

    @Test
    void showsUntilInterrupted() throws Exception {
        Process demo = demo();
        try {
            await().atMost(PATIENCE).until(() -> output().contains(" 0 failed"));
            assertEquals(
                    "PONG",
                    run(List.of("redis-cli", "-p", advised("redis-cli -p (\\d+)"), "PING"))
                            .strip());
            assertTrue(page(advised("(http://\\S+) +three backends")).startsWith("Hello from http-"));
            assertEquals(
                    "ready",
                    page(advised("(http://\\S+) +the dashboard") + "readyz").strip());

            run(List.of("sh", "-c", "kill -INT " + demo.pid()));

            assertTrue(demo.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS), this::output);
            assertEquals(0, demo.exitValue(), this::output);
            assertFalse(output().contains("✘"), this::output);
            assertNothingLeft();
        } finally {
            demo.destroyForcibly();
        }
    }

    /** A part of what the demo says to try. */
    private String advised(String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(output());
        assertTrue(matcher.find(), this::output);
        return matcher.group(1);
    }

    private static String page(String url) throws IOException {
        try (InputStream in = URI.create(url).toURL().openStream()) {
            return new String(in.readAllBytes(), UTF_8);
        }
    }

    private static String run(List<String> command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String answer = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertEquals(0, process.waitFor(), answer);
        return answer;
    }

    /** Its temporary files are put into our directory, to be found if they stay. */
    private Process demo(String... options) throws IOException {
        List<String> command = Stream.concat(
                        Stream.of(
                                "env",
                                "--default-signal=INT", // which is ignored if these tests run in the background
                                Path.of(System.getProperty("java.home"), "bin", "java")
                                        .toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-Djava.io.tmpdir=" + directory,
                                "-jar",
                                Path.of("target", "ambassador.jar")
                                        .toAbsolutePath()
                                        .toString(),
                                "demo"),
                        Stream.of(options))
                .toList();
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("output").toFile())
                .start();
    }

    private void assertNothingLeft() throws IOException {
        try (Stream<Path> left = Files.list(directory)) {
            assertEquals(
                    List.of(),
                    left.filter(path -> path.getFileName().toString().startsWith("ambassador-demo"))
                            .toList());
        }
    }

    private String output() {
        try {
            return Files.readString(directory.resolve("output"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
