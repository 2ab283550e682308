package io.ambassador.launcher;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The packaged jar, run as a process of its own. */
final class Jar implements AutoCloseable {
    static final Path PATH = Path.of("target", "ambassador.jar").toAbsolutePath();

    private final Process process;
    private final Path output;

    private Jar(Process process, Path output) {
        this.process = process;
        this.output = output;
    }

    static Jar run(String... args) {
        return run(Map.of(), args);
    }

    static Jar run(Map<String, String> environment, String... args) {
        return exec(environment, Path.of("target"), command(args));
    }

    static List<String> command(String... args) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                "-Xss256k",
                "-jar",
                PATH.toString()));
        command.addAll(List.of(args));
        return command;
    }

    static Jar exec(Map<String, String> environment, Path folder, List<String> command) {
        try {
            Path output = Files.createTempFile("ambassador-", ".log");
            // Whoever is started in the background is deaf to SIGINT (under nohup to SIGHUP), and so are its children
            // unless told otherwise.
            List<String> listening = new ArrayList<>(List.of("env", "--default-signal=INT,HUP"));
            listening.addAll(command);
            ProcessBuilder builder = new ProcessBuilder(listening)
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile());
            builder.environment().keySet().removeIf(name -> name.startsWith("AMBASSADOR_") || name.equals("PORT"));
            builder.environment().putAll(environment);
            return new Jar(builder.start(), output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What it has printed so far, on either stream. */
    String output() {
        try {
            return Files.readString(output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Jar awaitOutput(String text) {
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            if (!process.isAlive() && !output().contains(text)) {
                throw new AssertionError("exited with " + process.exitValue() + ": " + output());
            }
            return output().contains(text);
        });
        return this;
    }

    /** Running, with every endpoint known. */
    Jar awaitStarted() {
        awaitOutput("Started.");
        return awaitOutput(" added");
    }

    void signal(String name) throws Exception {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .start()
                .waitFor();
    }

    boolean isRunning() {
        return process.isAlive();
    }

    int exitCode() throws InterruptedException {
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new AssertionError("still running: " + output());
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
            Files.delete(output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
