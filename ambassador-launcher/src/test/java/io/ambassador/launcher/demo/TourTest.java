package io.ambassador.launcher.demo;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** The tour passes when everything works, and fails when one thing, broken here on purpose, does not. */
class TourTest {
    private final Passwords passwords = new Passwords();
    private final RedisData data = new RedisData();
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(printed, true, UTF_8);

    @Test
    void passesAndReleasesEverything() throws Exception {
        Backends backends = Backends.create();
        Path file = backends.file().path();
        InetSocketAddress listener;
        try (Stage stage = new Stage(backends, false, () -> {})) {
            listener = stage.redis();
            assertEquals(0, exitCode(Tour.of(stage, out)), this::output);
        }

        assertEquals(5, output().lines().filter(line -> line.startsWith("✔")).count(), this::output);
        assertFalse(output().contains("✘"), this::output);
        assertFalse(Files.exists(file.getParent()), "the password file is still there");
        assertRefused(listener);
        assertRefused(backends.redis().get(0).address());
        assertRefused(backends.dns().address());
    }

    @Test
    void connectFailsIfTheServerNeedsNoPassword() throws Exception {
        RedisBackend open = new RedisBackend("redis-a", passwords, data) {
            @Override
            void serve(Socket client) throws IOException {
                client.getOutputStream().write("+PONG\r\n".getBytes(UTF_8));
                client.getInputStream().readAllBytes();
            }
        };

        assertBroken(with(open, redis("redis-b")), ConnectStep::new, "connect", "serves without a password");
    }

    @Test
    void connectFailsIfTheAmbassadorCannotLogIn() throws Exception {
        PasswordFile wrong = new PasswordFile() {
            @Override
            void write(Password password) throws IOException {
                super.write(Password.random());
            }
        };

        assertBroken(with(wrong), ConnectStep::new, "connect", "ERR ambassador");
    }

    @Test
    void balanceFailsIfABackendGetsNothing() throws Exception {
        HttpBackend absent = new HttpBackend("http-3") {
            @Override
            void start() {}
        };
        Backends backends = new Backends(
                passwords,
                List.of(redis("redis-a"), redis("redis-b")),
                List.of(new HttpBackend("http-1"), new HttpBackend("http-2"), absent),
                DnsServer.create(),
                new PasswordFile());

        assertBroken(backends, BalanceStep::new, "balance", "http-3 0, where 10 each were expected");
    }

    @Test
    void failOverFailsIfTheBackendGoesOn() throws Exception {
        RedisBackend immortal = new RedisBackend("redis-a", passwords, data) {
            @Override
            void stop() {}
        };

        assertBroken(with(immortal, redis("redis-b")), FailOverStep::new, "fail over", "still accepts connections");
    }

    @Test
    void failOverFailsIfNobodyTakesOver() throws Exception {
        RedisBackend absent = new RedisBackend("redis-b", passwords, data) {
            @Override
            void start() {}
        };

        assertBroken(with(redis("redis-a"), absent), FailOverStep::new, "fail over", "ERR ambassador");
    }

    @Test
    void failOverFailsIfTheBackendStaysDown() throws Exception {
        RedisBackend brittle = new RedisBackend("redis-a", passwords, data) {
            private boolean started;

            @Override
            synchronized void start() throws IOException {
                if (!started) {
                    started = true;
                    super.start();
                }
            }
        };

        assertBroken(with(brittle, redis("redis-b")), FailOverStep::new, "fail over", "was not used within");
    }

    @Test
    void discoveryFailsIfTheEditIsNotFollowed() throws Exception {
        DnsServer stubborn = new DnsServer() {
            private boolean offered;

            @Override
            void offer(List<? extends Server> servers) throws IOException {
                if (!offered) {
                    offered = true;
                    super.offer(servers);
                }
            }
        };
        Backends backends = new Backends(
                passwords,
                List.of(redis("redis-a"), redis("redis-b")),
                List.of(new HttpBackend("http-1")),
                stubborn,
                new PasswordFile());

        assertBroken(backends, DiscoveryStep::new, "discovery", "after the SRV record stopped naming it");
    }

    @Test
    void rotationFailsIfTheOldPasswordStillWorks() throws Exception {
        Passwords lenient = new Passwords() {
            @Override
            synchronized void keepOnly(Password password) {}
        };
        Backends backends = new Backends(
                lenient,
                List.of(new RedisBackend("redis-a", lenient, data), new RedisBackend("redis-b", lenient, data)),
                List.of(new HttpBackend("http-1")),
                DnsServer.create(),
                new PasswordFile());

        assertBroken(backends, RotationStep::new, "rotate", "the server still takes the old password");
    }

    @Test
    void rotationFailsIfTheFileKeepsTheOldPassword() throws Exception {
        PasswordFile stale = new PasswordFile() {
            private boolean written;

            @Override
            void write(Password password) throws IOException {
                if (!written) {
                    written = true;
                    super.write(password);
                }
            }
        };

        assertBroken(with(stale), RotationStep::new, "rotate", "was not read within");
    }

    @Test
    void rotationFailsIfAConnectionFails() throws Exception {
        Passwords forgetful = new Passwords() {
            private boolean added;

            @Override
            synchronized void add(Password password) {
                if (!added) {
                    added = true;
                    super.add(password);
                }
            }
        };
        Backends backends = new Backends(
                forgetful,
                List.of(new RedisBackend("redis-a", forgetful, data), new RedisBackend("redis-b", forgetful, data)),
                List.of(new HttpBackend("http-1")),
                DnsServer.create(),
                new PasswordFile());

        assertBroken(backends, RotationStep::new, "rotate", "a connection failed: ");
    }

    @Test
    void failsAtItsLimitWhateverAStepDoes() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        Tour tour = new Tour(List.of(step("endless", () -> never.await())), out, Duration.ofMillis(100));

        assertEquals(1, exitCode(tour));
        assertTrue(output().contains("✘ The tour is not over after 0.1 s."), this::output);
    }

    @Test
    void failsIfAStepThrowsWhatNobodyExpected() throws Exception {
        Tour tour = new Tour(
                List.of(step("odd", () -> {
                    throw new IllegalStateException("what now");
                })),
                out,
                Duration.ofSeconds(10));

        assertEquals(1, exitCode(tour));
        assertTrue(output().contains("✘ odd"), this::output);
        assertTrue(output().contains("1 of 1 steps failed."), this::output);
    }

    private void assertBroken(Backends backends, Function<Stage, Step> step, String name, String reason)
            throws Exception {
        try (Stage stage = new Stage(backends, false, () -> {})) {
            int code = exitCode(new Tour(List.of(step.apply(stage)), out, Tour.LIMIT));

            assertEquals(1, code, this::output);
            String line = output().lines().findFirst().orElse("");
            assertTrue(line.startsWith("✘ " + name), this::output);
            assertTrue(line.contains(reason), this::output);
        }
    }

    private static int exitCode(Tour tour) throws Exception {
        return tour.start().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private static void assertRefused(InetSocketAddress address) {
        assertThrows(ConnectException.class, () -> new Client(address));
    }

    private Backends with(RedisBackend first, RedisBackend second) throws IOException {
        return new Backends(
                passwords,
                List.of(first, second),
                List.of(new HttpBackend("http-1")),
                DnsServer.create(),
                new PasswordFile());
    }

    private Backends with(PasswordFile file) throws IOException {
        return new Backends(
                passwords,
                List.of(redis("redis-a"), redis("redis-b")),
                List.of(new HttpBackend("http-1")),
                DnsServer.create(),
                file);
    }

    private RedisBackend redis(String name) throws IOException {
        return new RedisBackend(name, passwords, data);
    }

    private interface Body {
        void run() throws InterruptedException;
    }

    private static Step step(String name, Body body) {
        return new Step() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public String run() throws InterruptedException {
                body.run();
                return "";
            }
        };
    }

    private String output() {
        return printed.toString(UTF_8);
    }
}
