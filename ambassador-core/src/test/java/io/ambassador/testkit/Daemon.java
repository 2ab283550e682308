package io.ambassador.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * A real server as a child process, with a temporary directory of its own. A missing program fails the test: nothing
 * is skipped.
 */
public final class Daemon implements AutoCloseable {
    private final Process process;
    private final Path directory;
    private final Path output;
    /** A test that fails half-way may never close it. */
    private final Thread hook = new Thread(this::destroy, "end-daemon");

    private Daemon(Process process, Path directory, Path output) {
        this.process = process;
        this.directory = directory;
        this.output = output;
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** A new temporary directory, to be handed to {@link #start}, which takes it over. */
    public static Path newDirectory(String name) {
        try {
            return Files.createTempDirectory("ambassador-" + name + "-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Starts {@code command} and waits until {@code up} says that it serves, a minute at most.
     *
     * @param directory its working directory, removed on close
     */
    public static Daemon start(Path directory, List<String> command, BooleanSupplier up) {
        Path output = directory.resolve("output.log");
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "Cannot start " + command.get(0) + ". Run bin/verify, which installs what tests need.", e);
        }
        Daemon daemon = new Daemon(process, directory, output);
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        while (!up.getAsBoolean()) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                String said = daemon.output();
                daemon.close();
                throw new IllegalStateException(command + " did not come up: " + said);
            }
            pause();
        }
        return daemon;
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    public Path directory() {
        return directory;
    }

    /** What it has printed so far, since its directory was new. */
    public String output() {
        try {
            return Files.exists(output) ? Files.readString(output) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** SIGKILL; returns once it is gone. */
    public void kill() {
        process.destroyForcibly();
        await();
    }

    /** Asks it to end by a signal; returns once it is gone. Its directory stays, and may be started in again. */
    public void stop(String signal) {
        signal(signal);
        await();
    }

    /** SIGSTOP: the kernel goes on accepting for it, but it answers nothing. */
    public void pauseProcess() {
        signal("STOP");
    }

    /** SIGCONT. */
    public void resumeProcess() {
        signal("CONT");
    }

    public void signal(String name) {
        try {
            int exit = new ProcessBuilder("kill", "-" + name, Long.toString(pid()))
                    .start()
                    .waitFor();
            if (exit != 0) {
                throw new IllegalStateException("kill -" + name + " " + pid() + " exited with " + exit);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Waits for it to end by itself. */
    public int exitCode() {
        await();
        return process.exitValue();
    }

    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(hook);
        destroy();
    }

    private void destroy() {
        process.destroyForcibly();
        await();
        if (!Files.exists(directory)) {
            return; // removed by another daemon that was started in it later
        }
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void await() {
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(20);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
