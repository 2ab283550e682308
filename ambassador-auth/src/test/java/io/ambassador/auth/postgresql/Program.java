package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ambassador.Ambassador;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** A client program that dials an ambassador and knows no password, whatever this machine's settings are. */
final class Program {
    private final Process process;

    private Program(Process process) {
        this.process = process;
    }

    /** What it printed, errors included; it must succeed. */
    static String run(Ambassador ambassador, String... command) throws Exception {
        return run(ambassador, Map.of(), command);
    }

    static String run(Ambassador ambassador, Map<String, String> environment, String... command) throws Exception {
        Program program = start(ambassador, environment, command);
        String said = program.output();
        assertEquals(0, program.exit(), String.join(" ", command) + ": " + said);
        return said;
    }

    /** What it printed as it failed. */
    static String fail(Ambassador ambassador, String... command) throws Exception {
        Program program = start(ambassador, Map.of(), command);
        String said = program.output();
        assertEquals(true, program.exit() != 0, String.join(" ", command) + " succeeded: " + said);
        return said;
    }

    /** Rows of {@code sql}, from psql in the database {@code shop}. */
    static String psql(Ambassador ambassador, String sql) throws Exception {
        return run(ambassador, psqlLine(sql));
    }

    static String[] psqlLine(String sql) {
        return new String[] {
            "psql", "--no-psqlrc", "--no-password", "--quiet", "--tuples-only", "--no-align", "--command", sql
        };
    }

    static Program start(Ambassador ambassador, Map<String, String> environment, String... command) throws IOException {
        return start(ambassador.address(Front.SERVICE).getPort(), environment, command);
    }

    /** @param port of 127.0.0.1 */
    static Program start(int port, Map<String, String> environment, String... command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
        Map<String, String> all = new TreeMap<>(Map.of(
                "HOME",
                "/nonexistent",
                "PGHOST",
                "127.0.0.1",
                "PGPORT",
                Integer.toString(port),
                "PGUSER",
                Front.CLIENT_USER,
                "PGDATABASE",
                Front.DATABASE,
                "PGCONNECT_TIMEOUT",
                "20"));
        all.putAll(environment);
        builder.environment().putAll(all);
        Process process = builder.start();
        process.getOutputStream().close();
        return new Program(process);
    }

    /** As Ctrl-C does. */
    void interrupt() throws Exception {
        assertEquals(
                0,
                new ProcessBuilder(List.of("kill", "-INT", Long.toString(process.pid())))
                        .start()
                        .waitFor());
    }

    boolean isRunning() {
        return process.isAlive();
    }

    /** Everything it prints until it ends. */
    String output() throws IOException {
        return new String(process.getInputStream().readAllBytes(), UTF_8).strip();
    }

    int exit() throws InterruptedException {
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError(process.info() + " did not end");
        }
        return process.exitValue();
    }
}
