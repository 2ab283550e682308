package io.ambassador.faults;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.testkit.PgClient;
import io.ambassador.testkit.PostgresServer;
import io.ambassador.testkit.PostgresServer.Method;
import io.ambassador.testkit.RedisServer;
import io.ambassador.testkit.RespClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Where passwords may be found after the packaged sidecar has logged in with them, been refused with them and seen them
 * rotated, with everything logged: nowhere but in the memory of the process, and there once for each version it keeps.
 */
class SecretTracesIT {
    private static final String SERVED = "served";
    private static final int LOGINS = Integer.getInteger("traces.logins", 50);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** A server whose one user's password can be changed, and clients that know none. */
    private interface Backend extends AutoCloseable {
        /** Of the service before it, but for the password. */
        String settings();

        String credentials();

        void changePassword(String secret);

        /** {@link #SERVED}, or what a client that is not served is told. */
        String ask(InetSocketAddress address);

        @Override
        void close();
    }

    enum Kind {
        REDIS,
        SCRAM,
        MD5,
        CLEARTEXT;

        private Backend start() {
            return switch (this) {
                case REDIS -> new Redis(RedisServer.withPassword(secret("first")));
                case SCRAM -> postgres(Method.SCRAM);
                case MD5 -> postgres(Method.MD5);
                case CLEARTEXT -> postgres(Method.PASSWORD);
            };
        }

        private Backend postgres(Method method) {
            return new Postgres(PostgresServer.withUser(method, "app", secret("first")));
        }

        private String service() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** Found nowhere by chance, and begun like no other. */
        private String secret(String version) {
            return service() + "-canary-" + version + "-83c1d07e";
        }
    }

    private static final List<String> VERSIONS = List.of("first", "second", "wrong");

    @TempDir
    Path directory;

    private final Map<Kind, Backend> backends = new EnumMap<>(Kind.class);

    @AfterEach
    void stop() {
        backends.values().forEach(Backend::close);
    }

    @Test
    void secretsAreInMemoryAlone() throws Exception {
        Map<String, String> services = new LinkedHashMap<>();
        for (Kind kind : Kind.values()) {
            backends.put(kind, kind.start());
            write(kind, "first");
            services.put(kind.service(), settings(kind));
        }
        try (SidecarProcess sidecar = SidecarProcess.start(
                List.of("env", "JAVA_OPTS=-XX:-DisableAttachMechanism"),
                services,
                "--log-level",
                "trace,io.netty=trace")) {
            backends.keySet().forEach(kind -> serve(kind, sidecar));
            rotate("second", sidecar);
            backends.keySet().forEach(kind -> serve(kind, sidecar));
            backends.values().forEach(backend -> backend.changePassword("another one altogether"));
            for (Kind kind : backends.keySet()) {
                write(kind, "wrong");
            }
            Map<String, String> shown = new LinkedHashMap<>();
            for (Kind kind : backends.keySet()) {
                await().atMost(PATIENCE).until(() -> !isServed(kind, sidecar));
                shown.put("client of " + kind, ask(kind, sidecar));
            }
            shown.put("status while refused", sidecar.statusTable());
            rotate("second", sidecar);

            show(sidecar, shown);
            assertTrue(shown.get("log").contains("DEBUG"), "not everything was logged");
            shown.forEach(SecretTracesIT::assertShowsNone);
            lookIntoMemory(sidecar);
        }
    }

    private String settings(Kind kind) {
        Backend backend = backends.get(kind);
        return backend.settings() + ", credentials { rotation-wait = 2s, " + backend.credentials()
                + "password = { file = \"" + file(kind) + "\" } }";
    }

    /** At the servers and in the files. */
    private void rotate(String version, SidecarProcess sidecar) throws IOException {
        for (Kind kind : backends.keySet()) {
            backends.get(kind).changePassword(kind.secret(version));
            write(kind, version);
            await().atMost(PATIENCE).until(() -> isServed(kind, sidecar));
        }
    }

    private static void show(SidecarProcess sidecar, Map<String, String> shown) throws IOException {
        shown.put("log", String.join("\n", sidecar.log()));
        for (String path : List.of("/", "/metrics", "/readyz", "/api/services")) {
            shown.put(path, sidecar.get(path));
        }
        for (Kind kind : Kind.values()) {
            shown.put("/api/services/" + kind.service(), sidecar.get("/api/services/" + kind.service()));
        }
        for (String file : List.of("cmdline", "environ")) {
            shown.put(
                    file,
                    Files.readString(
                            Path.of("/proc", Long.toString(sidecar.pid()), file), StandardCharsets.ISO_8859_1));
        }
        shown.put("check", sidecar.check());
        shown.put("status", sidecar.statusTable());
        for (Kind kind : Kind.values()) {
            assertTrue(shown.get("check").contains(kind.service()), "nothing was checked");
            assertTrue(shown.get("status").contains(kind.service()), "nothing was shown");
        }
    }

    private static void assertShowsNone(String where, String text) {
        for (Kind kind : Kind.values()) {
            for (String version : VERSIONS) {
                assertFalse(text.contains(kind.secret(version)), where + " shows " + kind.secret(version));
            }
        }
    }

    /** A live heap dump first runs the collector, so what it holds is what the process still refers to. */
    private void lookIntoMemory(SidecarProcess sidecar) throws IOException {
        Path dump = directory.resolve("heap.hprof");
        Running.run(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                Long.toString(sidecar.pid()),
                "GC.heap_dump",
                dump.toString());
        for (Kind kind : Kind.values()) {
            int newest = ProcessMemory.copies(dump, kind.secret("second"));
            int replaced = ProcessMemory.copies(dump, kind.secret("first"));
            int refused = ProcessMemory.copies(dump, kind.secret("wrong"));
            Running.report(
                    "%s: copies in a heap dump after %d logins: newest %d, replaced %d, refused %d; in all memory of the"
                            + " process: %d, %d and %d",
                    kind.service(),
                    2 * LOGINS,
                    newest,
                    replaced,
                    refused,
                    ProcessMemory.copies(sidecar.pid(), kind.secret("second")),
                    ProcessMemory.copies(sidecar.pid(), kind.secret("first")),
                    ProcessMemory.copies(sidecar.pid(), kind.secret("wrong")));
            assertEquals(1, newest, kind + ": the newest secret is kept once");
            assertTrue(replaced + refused <= 1, kind + ": " + replaced + " and " + refused + " copies of old secrets");
        }
    }

    private void serve(Kind kind, SidecarProcess sidecar) {
        for (int i = 0; i < LOGINS; i++) {
            assertEquals(SERVED, ask(kind, sidecar));
        }
    }

    private boolean isServed(Kind kind, SidecarProcess sidecar) {
        return ask(kind, sidecar).equals(SERVED);
    }

    private String ask(Kind kind, SidecarProcess sidecar) {
        return backends.get(kind).ask(sidecar.address(kind.service()));
    }

    private Path file(Kind kind) {
        return directory.resolve(kind.service());
    }

    private void write(Kind kind, String version) throws IOException {
        Path next = directory.resolve("next");
        Files.writeString(next, kind.secret(version));
        Files.setPosixFilePermissions(next, PosixFilePermissions.fromString("rw-------"));
        Files.move(next, file(kind), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private record Redis(RedisServer server) implements Backend {
        @Override
        public String settings() {
            return "protocol = redis, limits.prewarm = 2, discovery = \"static://127.0.0.1:" + server.port() + "\"";
        }

        @Override
        public String credentials() {
            return "";
        }

        @Override
        public void changePassword(String secret) {
            server.command("CONFIG", "SET", "requirepass", secret);
        }

        @Override
        public String ask(InetSocketAddress address) {
            try (RespClient client = RespClient.connect(address)) {
                assertEquals("PONG", client.command("PING"));
                return SERVED;
            } catch (RespClient.ErrorReply refused) {
                return refused.getMessage();
            }
        }

        @Override
        public void close() {
            server.close();
        }
    }

    private record Postgres(PostgresServer server) implements Backend {
        @Override
        public String settings() {
            return "protocol = postgresql, discovery = \"static://127.0.0.1:" + server.port() + "\"";
        }

        @Override
        public String credentials() {
            return "username = app, ";
        }

        /** With the same encryption as before. */
        @Override
        public void changePassword(String secret) {
            String before = server.sql("SELECT left(rolpassword, 3) FROM pg_authid WHERE rolname = 'app'");
            server.sql("SET password_encryption = '" + (before.equals("md5") ? "md5" : "scram-sha-256")
                    + "'; ALTER ROLE app PASSWORD '" + secret + "'");
        }

        @Override
        public String ask(InetSocketAddress address) {
            try (PgClient client = PgClient.connect(address)) {
                client.send(PgClient.startup("user", "whoever", "database", "postgres"));
                List<PgClient.Message> answer = client.readTo('Z');
                PgClient.Message last = answer.get(answer.size() - 1);
                return last.type() == 'Z' ? SERVED : last.text();
            }
        }

        @Override
        public void close() {
            server.close();
        }
    }
}
