package io.ambassador.auth.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Fuzzes each target for {@code -Dfuzz.seconds}, by default a minute, three at a time, each in a JVM of its own that
 * leaves the processors to whatever else is tested meanwhile. An input that fails is left in {@code target/fuzz}; {@link
 * FuzzInputsTest} keeps those that once did.
 */
class FuzzIT {
    private static final int SECONDS = Integer.getInteger("fuzz.seconds", 60);
    /** The same inputs each time, as far as the time goes, so that a change is what fails a build; 0 for others. */
    private static final int SEED = Integer.getInteger("fuzz.seed", 1);

    private static final Pattern DONE = Pattern.compile("Done (\\d+) runs in (\\d+) second");

    @Test
    void noInputBreaksACodec(@TempDir Path corpora) throws Exception {
        ExecutorService three = Executors.newFixedThreadPool(3);
        try {
            List<Future<String>> runs = new ArrayList<>();
            for (Class<?> target : Targets.ALL) {
                runs.add(three.submit(
                        () -> fuzz(target, Files.createDirectory(corpora.resolve(target.getSimpleName())))));
            }
            for (Future<String> run : runs) {
                System.out.println(run.get());
            }
        } finally {
            three.shutdownNow();
        }
    }

    private static String fuzz(Class<?> target, Path corpus) throws Exception {
        Path output = Files.createDirectories(Path.of("target", "fuzz", target.getSimpleName()));
        Process process = new ProcessBuilder(List.of(
                        "nice",
                        "-n",
                        "19",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "-XX:+EnableDynamicAgentLoading",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        "com.code_intelligence.jazzer.Jazzer",
                        "--target_class=" + target.getName(),
                        "--instrumentation_includes=io.ambassador.**",
                        "--instrumentation_excludes=io.ambassador.auth.fuzz.Fuzzed**",
                        "--custom_hook_excludes=io.netty.**",
                        "--reproducer_path=" + output,
                        "-artifact_prefix=" + output + "/",
                        "-max_total_time=" + SECONDS,
                        "-seed=" + SEED,
                        "-timeout=25",
                        "-max_len=4096",
                        "-print_final_stats=1",
                        corpus.toString(),
                        Targets.inputs(target).toString()))
                .redirectErrorStream(true)
                .redirectOutput(output.resolve("output.log").toFile())
                .start();
        if (!process.waitFor(SECONDS + 300L, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
        String said = Files.readString(output.resolve("output.log"), ISO_8859_1);
        assertEquals(0, process.waitFor(), target.getSimpleName() + ":\n" + tail(said));
        Matcher done = DONE.matcher(said);
        assertTrue(done.find(), said);
        assertTrue(Long.parseLong(done.group(1)) > 1_000, target.getSimpleName() + ": " + done.group());
        try (Stream<Path> kept = Files.list(corpus)) {
            return target.getSimpleName() + ": " + done.group(1) + " inputs in " + done.group(2) + " s, " + kept.count()
                    + " kept for what they reached";
        }
    }

    private static String tail(String text) {
        return text.length() < 6_000 ? text : text.substring(text.length() - 6_000);
    }
}
