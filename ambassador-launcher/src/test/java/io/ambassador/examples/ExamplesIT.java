package io.ambassador.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.ambassador.testkit.Ports;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the first page and those on protocols and sources tell readers to type shows them what the pages say. */
class ExamplesIT {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path DOCS = ROOT.resolve("docs");
    private static final boolean IS_ROOT = "root".equals(System.getProperty("user.name"));
    private static final String END = "--- end of the answer ---";

    @TempDir
    Path folder;

    static List<Path> pages() throws IOException {
        List<Path> pages = new ArrayList<>(List.of(DOCS.relativize(ROOT.resolve("README.md"))));
        for (String folder : List.of("protocols", "discovery")) {
            try (Stream<Path> files = Files.list(DOCS.resolve(folder))) {
                for (Path file : files.sorted().toList()) {
                    if (Example.isIn(file)) {
                        pages.add(DOCS.relativize(file));
                    }
                }
            }
        }
        return pages;
    }

    @ParameterizedTest
    @MethodSource("pages")
    @Timeout(120)
    void readersSeeWhatThePageSays(Path page) throws Exception {
        Example example = Example.of(DOCS.resolve(page), folder);
        assertFalse(example.steps().isEmpty());
        Path background = Files.createFile(folder.resolve("background.log"));
        try (Surroundings surroundings = Surroundings.of(example)) {
            read(example, shell(prepare(), surroundings), surroundings, background);
        }
    }

    private static void read(Example example, Process shell, Surroundings surroundings, Path background)
            throws Exception {
        try (OutputStream in = shell.getOutputStream();
                BufferedReader out = shell.inputReader(UTF_8)) {
            for (Example.Step step : example.steps()) {
                if (step.inBackground()) {
                    List<Integer> before = surroundings.closed(example.ports());
                    String command = step.command().substring(0, step.command().length() - 1);
                    write(in, command + " </dev/null >>" + background + " 2>&1 &\n");
                    awaitPorts(example, step, before, surroundings, background);
                } else {
                    write(in, step.command() + "\necho '" + END + "'\n");
                    assertEquals(step.seen(), answer(out), step.command() + "\n" + Files.readString(background, UTF_8));
                }
            }
        } finally {
            new ProcessBuilder("kill", "-TERM", "--", "-" + shell.pid()).start().waitFor();
            shell.waitFor(20, TimeUnit.SECONDS);
        }
    }

    /** A folder with the packaged sidecar in it, as one who has unpacked it would have. */
    private Path prepare() throws Exception {
        Path home = Files.createDirectory(folder.resolve("ambassador"));
        Path target = Files.createDirectories(home.resolve("ambassador-launcher/target"));
        Files.createDirectory(home.resolve("bin"));
        for (String file : List.of("bin/ambassador", "bin/jvm.options")) {
            Files.copy(ROOT.resolve(file), home.resolve(file), COPY_ATTRIBUTES);
        }
        Files.copy(Path.of("target/ambassador.jar"), target.resolve("ambassador.jar"));
        for (String archive : List.of("ambassador.jsa", "ambassador.aot")) {
            Files.createFile(target.resolve(archive)); // empty: classes are not to be archived
        }
        if (IS_ROOT) {
            Process own = new ProcessBuilder("chown", "-R", "nobody:nogroup", folder.toString()).start();
            assertEquals(0, own.waitFor());
        }
        return home;
    }

    /** Of a user who is not root, since some servers refuse to be; in a process group of its own. */
    private Process shell(Path home, Surroundings surroundings) throws IOException {
        List<String> line = new ArrayList<>(List.of("setsid"));
        line.addAll(surroundings.prefix());
        if (IS_ROOT) {
            line.addAll(List.of("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"));
        }
        line.add("bash");
        ProcessBuilder builder =
                new ProcessBuilder(line).directory(home.toFile()).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("PG") || name.startsWith("LC_"));
        builder.environment().put("LC_ALL", "C.UTF-8");
        builder.environment().put("HOME", folder.toString());
        builder.environment().put("AMBASSADOR_ADMIN_LISTEN", "127.0.0.1:" + Ports.free());
        builder.environment().putAll(surroundings.environment());
        return builder.start();
    }

    private static void write(OutputStream in, String line) throws IOException {
        in.write(line.getBytes(UTF_8));
        in.flush();
    }

    private static List<String> answer(BufferedReader out) throws IOException {
        List<String> lines = new ArrayList<>();
        String line = out.readLine();
        while (line != null && !line.equals(END)) {
            if (!line.isBlank()) { // redis-cli ends an error with one, which pages leave out
                lines.add(line);
            }
            line = out.readLine();
        }
        return lines;
    }

    /**
     * Until all ports are open that the command names; or, if it names none that was closed before, one that is named
     * elsewhere, as in a file. Ports that an earlier step opens late say nothing of this one.
     */
    private static void awaitPorts(
            Example example, Example.Step step, List<Integer> before, Surroundings surroundings, Path background)
            throws IOException {
        Set<Integer> own = new TreeSet<>(example.portsIn(step.command()));
        own.retainAll(before);
        try {
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> own.isEmpty()
                            ? surroundings.closed(before).size() < before.size()
                            : surroundings.closed(own).isEmpty());
        } catch (ConditionTimeoutException e) {
            throw new AssertionError(
                    step.command() + "\nstill closed: " + surroundings.closed(own.isEmpty() ? before : own) + "\n"
                            + Files.readString(background, UTF_8),
                    e);
        }
    }
}
