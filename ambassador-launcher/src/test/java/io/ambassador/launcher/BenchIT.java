package io.ambassador.launcher;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ambassador.testkit.Daemon;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code bin/bench} on a small scale: that it measures, not what. */
class BenchIT {
    private static final Path BENCH =
            Path.of("..", "bin", "bench").toAbsolutePath().normalize();
    private static final List<String> TESTS = List.of("requests", "churn", "bulk", "login");
    private static final List<String> VARIANTS = List.of("direct", "haproxy", "nginx", "ambassador");
    private static final List<String> ROWS = List.of(
            "GET, 1 connection",
            "GET, 50 connections",
            "SET, 50 connections",
            "GET, 50 connections, 16 in flight",
            "SET, 50 connections, 16 in flight",
            "a connection for each GET, 50 at once",
            "up, 1 stream",
            "down, 1 stream",
            "up, 8 streams",
            "down, 8 streams",
            "Redis, AUTH",
            "PostgreSQL, SCRAM");

    private final Path folder = Daemon.newDirectory("bench");

    @BeforeEach
    void letPostgresqlIn() throws IOException {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x")); // it runs as nobody
    }

    private Daemon bench(String... options) {
        List<String> command = Stream.concat(Stream.of("env", "TMPDIR=" + folder, BENCH.toString()), Stream.of(options))
                .toList();
        return Daemon.start(folder, command, () -> true);
    }

    /** Whatever it starts has its folder, or one below, as working directory. */
    private Set<String> processes() {
        return ProcessHandle.allProcesses().flatMap(this::nameIfOurs).collect(Collectors.toCollection(TreeSet::new));
    }

    private Stream<String> nameIfOurs(ProcessHandle process) {
        Path details = Path.of("/proc", Long.toString(process.pid()));
        try {
            return Files.readSymbolicLink(details.resolve("cwd")).startsWith(folder)
                    ? Stream.of(Files.readString(details.resolve("comm")).strip())
                    : Stream.of();
        } catch (IOException goneOrForeign) {
            return Stream.of();
        }
    }

    private void assertNothingIsLeftBehind() throws IOException {
        assertEquals(Set.of(), processes());
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(
                    List.of(),
                    files.map(file -> file.getFileName().toString())
                            .filter(name -> name.startsWith("bench."))
                            .toList());
        }
    }

    @Test
    void measuresEveryRowOfEveryVariant() throws Exception {
        Path report = folder.resolve("report.md");
        Files.writeString(
                report,
                TESTS.stream()
                        .map(test -> "of " + test + "\n<!-- bench " + test + " -->\nold\n<!-- end -->\n")
                        .collect(Collectors.joining()));
        try (Daemon bench = bench("--quick", "--tests", String.join(",", TESTS), "--report", report.toString())) {
            assertEquals(0, bench.exitCode(), bench::output);
            assertNothingIsLeftBehind();

            Set<String> expected = ROWS.stream()
                    .flatMap(row -> VARIANTS.stream().map(variant -> row + ": " + variant))
                    .collect(Collectors.toCollection(TreeSet::new));
            assertEquals(expected, measured(bench.output()), bench::output);
            String written = Files.readString(report);
            assertEquals(expected, measured(written), written);
            assertEquals(
                    TESTS.stream().map(test -> "of " + test).toList(),
                    written.lines()
                            .filter(line -> line.startsWith("of ") || line.equals("old"))
                            .toList());
        }
    }

    /** Rows with a figure, by the tables that it printed; a row's name stands in its first line alone. */
    private static Set<String> measured(String output) {
        Set<String> rows = new TreeSet<>();
        String row = "";
        for (String line : output.lines().filter(text -> text.startsWith("| ")).toList()) {
            String[] cells = line.split("\\|");
            row = cells[1].isBlank() ? row : cells[1].strip();
            if (cells[3].strip().matches("\\d.*")) {
                rows.add(row + ": " + cells[2].strip());
            }
        }
        return rows;
    }

    @Test
    void endsWhatItStartedWhenItIsStopped() throws Exception {
        try (Daemon bench = bench("--scale", "1000", "--tests", "login", "--variants", "nginx,ambassador")) {
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> processes().containsAll(Set.of("nginx", "java", "redis-benchmark")));

            bench.signal("TERM");

            assertEquals(143, bench.exitCode(), bench::output);
            assertNothingIsLeftBehind();
        }
    }
}
