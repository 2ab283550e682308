package io.ambassador.faults;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Where a password may be found after the packaged sidecar has logged in with it, been refused with it and seen it
 * rotated, with everything logged: nowhere but in the memory of the process, and there once for each version it keeps.
 */
class SecretTracesIT {
    private static final String FIRST = "canary-first-83c1d07e";
    private static final String SECOND = "canary-second-5b29ee04";
    private static final String WRONG = "canary-wrong-c7710f6a";
    private static final String SERVED = "served";
    private static final int LOGINS = 200;
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
        POSTGRES_SCRAM,
        POSTGRES_MD5,
        POSTGRES_CLEARTEXT;

        private Backend start(String password) {
            return switch (this) {
                case REDIS -> new Redis(RedisServer.withPassword(password));
                case POSTGRES_SCRAM -> new Postgres(PostgresServer.withUser(Method.SCRAM, "app", password));
                case POSTGRES_MD5 -> new Postgres(PostgresServer.withUser(Method.MD5, "app", password));
                case POSTGRES_CLEARTEXT -> new Postgres(PostgresServer.withUser(Method.PASSWORD, "app", password));
            };
        }
    }

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource
    void aSecretIsInMemoryAlone(Kind kind) throws Exception {
        Path password = directory.resolve("password");
        write(password, FIRST);
        try (Backend backend = kind.start(FIRST);
                SidecarProcess sidecar = SidecarProcess.start(
                        List.of("env", "JAVA_OPTS=-XX:-DisableAttachMechanism"),
                        Map.of(
                                "main",
                                backend.settings() + ", credentials { " + backend.credentials()
                                        + "password = { file = \"" + password + "\" } }"),
                        "--log-level",
                        "trace")) {
            serve(backend, sidecar);
            backend.changePassword(SECOND);
            write(password, SECOND);
            await().atMost(PATIENCE).until(() -> isServed(backend, sidecar));
            serve(backend, sidecar);
            backend.changePassword("another one altogether");
            write(password, WRONG);
            await().atMost(PATIENCE).until(() -> !isServed(backend, sidecar));
            String refused = backend.ask(sidecar.address());
            assertNotEquals(SERVED, refused);
            backend.changePassword(SECOND);
            write(password, SECOND);
            await().atMost(PATIENCE).until(() -> isServed(backend, sidecar));

            Map<String, String> shown = new LinkedHashMap<>();
            shown.put("log", String.join("\n", sidecar.log()));
            shown.put("client", refused);
            for (String path : List.of("/", "/metrics", "/readyz", "/api/services", "/api/services/main")) {
                shown.put(path, sidecar.get(path));
            }
            for (String file : List.of("cmdline", "environ")) {
                shown.put(file, Files.readString(proc(sidecar, file), StandardCharsets.ISO_8859_1));
            }
            assertTrue(shown.get("log").contains("DEBUG"), "not everything was logged");
            shown.forEach((where, text) -> {
                for (String secret : List.of(FIRST, SECOND, WRONG)) {
                    assertFalse(text.contains(secret), where + " shows " + secret);
                }
            });
            lookIntoMemory(kind, sidecar, directory.resolve("heap.hprof"));
        }
    }

    /** A live heap dump first runs the collector, so what it holds is what the process still refers to. */
    private static void lookIntoMemory(Kind kind, SidecarProcess sidecar, Path dump) throws IOException {
        Running.run(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                Long.toString(sidecar.pid()),
                "GC.heap_dump",
                dump.toString());
        int first = ProcessMemory.copies(dump, FIRST);
        int second = ProcessMemory.copies(dump, SECOND);
        int wrong = ProcessMemory.copies(dump, WRONG);
        Files.delete(dump);
        Running.report(
                "%s: copies in a heap dump after %d logins: newest %d, versions before it %d and %d; in all memory of the"
                        + " process: %d, %d and %d",
                kind,
                2 * LOGINS,
                second,
                first,
                wrong,
                ProcessMemory.copies(sidecar.pid(), SECOND),
                ProcessMemory.copies(sidecar.pid(), FIRST),
                ProcessMemory.copies(sidecar.pid(), WRONG));
        assertEquals(1, second, "the newest secret is kept once");
        assertTrue(first <= 1, first + " copies of an old secret");
        assertTrue(wrong <= 1, wrong + " copies of a refused secret");
    }

    private static void serve(Backend backend, SidecarProcess sidecar) {
        for (int i = 0; i < LOGINS; i++) {
            assertEquals(SERVED, backend.ask(sidecar.address()));
        }
    }

    private static boolean isServed(Backend backend, SidecarProcess sidecar) {
        return backend.ask(sidecar.address()).equals(SERVED);
    }

    private static Path proc(SidecarProcess sidecar, String file) {
        return Path.of("/proc", Long.toString(sidecar.pid()), file);
    }

    private static void write(Path file, String secret) throws IOException {
        Path next = file.resolveSibling("next");
        Files.writeString(next, secret);
        Files.setPosixFilePermissions(next, PosixFilePermissions.fromString("rw-------"));
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private record Redis(RedisServer server) implements Backend {
        @Override
        public String settings() {
            return "protocol = redis, discovery = \"static://127.0.0.1:" + server.port() + "\"";
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
