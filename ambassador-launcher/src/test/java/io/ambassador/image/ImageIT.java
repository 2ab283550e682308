package io.ambassador.image;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.testkit.DockerEngine;
import io.ambassador.testkit.RedisServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The image, built by {@code bin/image} and run by a real Docker Engine, as strictly confined as users might. */
class ImageIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path JAR = Path.of("target/ambassador.jar").toAbsolutePath();
    private static final String IMAGE = "local/ambassador";
    private static final String NATIVE = "META-INF/native/libnetty_transport_native_epoll_";

    /** Named by code that never runs: caches, pools and databases to be measured, beans, JNDI, DNS over HTTPS, JFR. */
    private static final Set<String> UNUSED = Set.of("java.desktop", "java.sql", "java.net.http", "jdk.jfr");

    @TempDir
    private static Path folder;

    private static DockerEngine engine;

    @BeforeAll
    static void buildImage() throws Exception {
        engine = DockerEngine.start("--storage-driver=overlay2");
        String machine = System.getProperty("os.arch").equals("aarch64") ? "aarch_64" : "x86_64";
        Path netty = folder.resolve("netty.so");
        try (JarFile jar = new JarFile(JAR.toFile());
                InputStream library = jar.getInputStream(jar.getEntry(NATIVE + machine + ".so"))) {
            Files.copy(library, netty);
        }
        LocalBases.importInto(engine, folder, netty);
        LocalBases.shell(
                engine,
                ROOT,
                "bin/image --build-arg BUILD_IMAGE=" + LocalBases.BUILD + " --build-arg RUN_IMAGE=" + LocalBases.RUN
                        + " --tag " + IMAGE);
    }

    @AfterAll
    static void stopEngine() {
        engine.close();
    }

    /** The strictest confinement there is, short of no network. */
    private static List<String> confined(String... more) {
        List<String> words = new ArrayList<>(List.of(
                "run", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--memory", "128m"));
        words.addAll(List.of(more));
        return words;
    }

    private static String docker(List<String> words) {
        return engine.docker(words.toArray(String[]::new));
    }

    private static String inspect(String name, String what) {
        return engine.docker("inspect", "--format", "{{" + what + "}}", name);
    }

    /** An application beside the sidecar: what it sends to localhost knows neither address nor password. */
    private static String application(String sidecar, String... command) {
        List<String> words = new ArrayList<>(List.of(
                "run", "--rm", "--network", "container:" + sidecar, LocalBases.REDIS, "redis-cli", "-p", "6379"));
        words.addAll(List.of(command));
        return docker(words);
    }

    /** A network of its own, and a server that asks for a password, at the network's gateway: this machine. */
    private static RedisServer redis(String environment, String password) {
        engine.docker("network", "create", environment);
        return RedisServer.builder()
                .password(password)
                .setting("bind", "127.0.0.1 " + gateway(environment))
                .start();
    }

    private static String gateway(String network) {
        return inspect(network, "(index .IPAM.Config 0).Gateway");
    }

    private static void sidecar(String environment, RedisServer redis, Path configuration, String... credentials) {
        List<String> words = confined(
                "--detach",
                "--name",
                environment + "-sidecar",
                "--network",
                environment,
                "--health-interval",
                "1s",
                "--volume",
                configuration + ":/etc/ambassador/ambassador.conf:ro",
                "--env",
                "AMBASSADOR_SERVICES_REDIS_DISCOVERY=static://" + gateway(environment) + ":" + redis.port());
        words.addAll(List.of(credentials));
        words.add(IMAGE);
        docker(words);
    }

    private static void awaitReady(String sidecar) {
        try {
            await().atMost(PATIENCE)
                    .until(() -> inspect(sidecar, ".State.Health.Status").equals("healthy"));
        } catch (RuntimeException e) {
            throw new AssertionError(engine.docker("logs", sidecar), e);
        }
    }

    @Test
    void oneImageServesEachEnvironmentWithItsOwnCredentials() throws Exception {
        Path secret = Files.writeString(folder.resolve("redis-password"), "canary-production\n");
        Path conf = Files.writeString(folder.resolve("ambassador.conf"), """
                ambassador.services.redis { listen = 6379, protocol = redis, credentials.insecure = true }
                """);
        Files.setPosixFilePermissions(conf, PosixFilePermissions.fromString("r--r--r--"));
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("r--------"));
        Files.setAttribute(secret, "unix:uid", 65532);
        try (RedisServer staging = redis("staging", "canary-staging");
                RedisServer production = redis("production", "canary-production")) {
            sidecar(
                    "staging",
                    staging,
                    conf,
                    "--env",
                    "REDIS_PASSWORD=canary-staging",
                    "--env",
                    "AMBASSADOR_SERVICES_REDIS_CREDENTIALS_PASSWORD_ENV=REDIS_PASSWORD");
            sidecar(
                    "production",
                    production,
                    conf,
                    "--volume",
                    secret + ":/run/secrets/redis-password:ro",
                    "--env",
                    "AMBASSADOR_SERVICES_REDIS_CREDENTIALS_PASSWORD_FILE=/run/secrets/redis-password");
            serves("staging", staging);
            serves("production", production);
            runsAsNobodyWithoutRights("production-sidecar");
            stopWaitsForWhatIsUnderWay("production-sidecar", production);
        }
    }

    private static void serves(String environment, RedisServer redis) {
        String sidecar = environment + "-sidecar";
        awaitReady(sidecar);
        assertEquals("OK", application(sidecar, "set", "where", environment));
        assertEquals(environment, redis.command("GET", "where"));
        String log = engine.docker("logs", sidecar);
        assertTrue(log.contains("started with epoll"), log);
        assertFalse(log.contains("WARN"), log);
        assertFalse(log.contains("canary"), "a password was logged");
    }

    private static void runsAsNobodyWithoutRights(String sidecar) throws IOException {
        Path process = Path.of("/proc", inspect(sidecar, ".State.Pid"));
        String status = Files.readString(process.resolve("status"));
        assertTrue(status.contains("Uid:\t65532\t65532\t65532\t65532"), status);
        assertTrue(status.contains("CapEff:\t0000000000000000"), status);
        assertTrue(status.contains("NoNewPrivs:\t1"), status);
        for (String shell : List.of("sh", "bash", "/bin/sh", "busybox")) {
            assertThrows(IllegalStateException.class, () -> engine.docker("exec", sidecar, shell, "-c", "true"));
        }
        assertTrue(engine.docker("exec", sidecar, "java", "-jar", "ambassador.jar", "status")
                .contains("redis"));

        long kib = Files.readString(process.resolve("smaps_rollup"))
                .lines()
                .filter(line -> line.startsWith("Rss:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
        System.out.printf("resident in its container, with Redis behind: %.1f MiB%n", kib / 1024.0);
        assertTrue(kib < 80 * 1024, "resident: " + kib + " KiB");
    }

    private static void stopWaitsForWhatIsUnderWay(String sidecar, RedisServer redis) {
        CompletableFuture<String> client =
                CompletableFuture.supplyAsync(() -> application(sidecar, "blpop", "answers", "30"));
        await().atMost(PATIENCE)
                .until(() -> redis.command("INFO", "clients").toString().contains("blocked_clients:1"));
        CompletableFuture<String> stopped =
                CompletableFuture.supplyAsync(() -> engine.docker("stop", "-t", "50", sidecar));
        await().atMost(PATIENCE).until(() -> engine.docker("logs", sidecar).contains("SIGTERM: draining."));
        assertFalse(client.isDone());

        redis.command("RPUSH", "answers", "42");

        assertEquals("answers\n42", client.join());
        stopped.join();
        assertEquals("143", inspect(sidecar, ".State.ExitCode"));
        assertTrue(engine.docker("logs", sidecar).contains("Stopped."));
    }

    @Test
    void imageSaysWhatItIs() {
        assertEquals("65532:65532", inspect(IMAGE, ".Config.User"));
        assertEquals("SIGTERM", inspect(IMAGE, ".Config.StopSignal"));
        assertEquals("Ambassador", inspect(IMAGE, "index .Config.Labels \"org.opencontainers.image.title\""));
        assertTrue(inspect(IMAGE, "index .Config.Labels \"org.opencontainers.image.version\"")
                .startsWith("0."));
        assertEquals("Apache-2.0", inspect(IMAGE, "index .Config.Labels \"org.opencontainers.image.licenses\""));
        assertTrue(docker(confined("--rm", IMAGE, "--version")).startsWith("ambassador 0."));
    }

    @Test
    void classesComeFromTheArchiveInside() {
        String loaded = docker(confined(
                "--rm", "--entrypoint", "java", IMAGE, "-Xlog:class+load", "-jar", "ambassador.jar", "--version"));

        assertTrue(
                loaded.lines()
                        .anyMatch(line -> line.contains(" io.ambassador.launcher.Main source: shared objects file")),
                () -> loaded.substring(0, Math.min(4_000, loaded.length())));
    }

    @Test
    void settingsOfTheRuntimeCanBeOverridden() {
        String flags = docker(confined(
                "--rm",
                "--env",
                "JDK_JAVA_OPTIONS=-Xmx48m",
                "--entrypoint",
                "java",
                IMAGE,
                "-XX:+PrintFlagsFinal",
                "-version"));

        assertTrue(flags.matches("(?s).* MaxHeapSize +=\\s+50331648 .*"), flags);
        assertTrue(flags.matches("(?s).* UseSerialGC +=\\s+true .*"), flags);
    }

    @Test
    void jarHoldsNettysLibraryForBothArchitectures() throws Exception {
        try (JarFile jar = new JarFile(JAR.toFile())) {
            for (String machine : List.of("x86_64", "aarch_64")) {
                assertTrue(jar.getEntry(NATIVE + machine + ".so").getSize() > 0, machine);
            }
        }
    }

    @Test
    void runtimeHasTheModulesThatTheJarNeeds() throws Exception {
        StringWriter out = new StringWriter();
        int code = ToolProvider.findFirst("jdeps")
                .orElseThrow()
                .run(
                        new PrintWriter(out, true),
                        new PrintWriter(out, true),
                        "--list-deps",
                        "--ignore-missing-deps",
                        "--multi-release",
                        "17",
                        JAR.toString());
        assertEquals(0, code, out::toString);
        Set<String> missing = out.toString()
                .lines()
                .map(line -> line.trim().replaceAll("/.*", ""))
                .filter(line -> line.matches("(java|jdk)\\.[a-z.]+"))
                .collect(Collectors.toCollection(TreeSet::new));
        assertTrue(missing.contains("java.base"), out::toString);

        Matcher modules = Pattern.compile("ARG MODULES=(\\S+)")
                .matcher(Files.readString(ROOT.resolve("ambassador-launcher/src/image/Dockerfile")));
        assertTrue(modules.find());
        missing.removeAll(Set.of(modules.group(1).split(",")));
        missing.removeAll(UNUSED);
        assertEquals(Set.of(), missing, "add to MODULES in the Dockerfile what is used, here what is not");
    }
}
