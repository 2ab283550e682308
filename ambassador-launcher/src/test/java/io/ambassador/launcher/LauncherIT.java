package io.ambassador.launcher;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.testkit.Dnsmasq;
import io.ambassador.testkit.EchoServer;
import io.ambassador.testkit.Ports;
import io.ambassador.testkit.RedisServer;
import io.ambassador.testkit.RespClient;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The packaged jar as users run it. */
class LauncherIT {
    @TempDir
    private Path folder;

    private static String echo(int port, String text) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", port));
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void checkAcceptsTheRightAndRefusesTheWrong() throws Exception {
        Path right = Files.writeString(
                folder.resolve("right.conf"),
                "ambassador.services.a { listen = 1, discovery = \"static://127.0.0.1:1\" }");
        Path wrong = Files.writeString(folder.resolve("wrong.conf"), "ambassador.services.a { listen = 1, rol = x }");
        try (Jar check = Jar.run("check", "-c", right.toString())) {
            assertEquals(0, check.exitCode(), check::output);
            assertTrue(check.output().contains("services.a.listen = 1  # " + right + ": 1"), check::output);
        }
        try (Jar check = Jar.run("check", "-c", wrong.toString())) {
            assertEquals(2, check.exitCode(), check::output);
            assertEquals(
                    2,
                    check.output()
                            .lines()
                            .filter(line -> line.startsWith("ambassador: " + wrong + ": 1: services.a."))
                            .count(),
                    check::output);
        }
    }

    @Test
    void relaysWhereNettysLibraryCannotBeUnpacked() throws Exception {
        Map<String, String> nowhere = Map.of("JAVA_TOOL_OPTIONS", "-Dio.netty.native.workdir=/proc/1/none");
        try (Jar rehearsal = Jar.run(nowhere, "rehearse")) {
            assertEquals(0, rehearsal.exitCode(), rehearsal::output);
        }
    }

    @Test
    void aDeepFileIsRefusedOnASmallStack() throws Exception {
        Path deep = Files.writeString(
                folder.resolve("deep.conf"), "ambassador.services.a = " + "[".repeat(100_000) + "]".repeat(100_000));
        try (Jar check = Jar.run("check", "-c", deep.toString())) {
            assertEquals(2, check.exitCode(), check::output);
            assertEquals(
                    "ambassador: " + deep + ": 1: is nested more than 100 deep. No key is that deep\n", check.output());
        }
    }

    @ParameterizedTest
    @CsvSource({"false, TERM, 143", "true, TERM, 0", "false, INT, 130"})
    void aTargetAloneIsForwardedToUntilASignalEndsIt(boolean zero, String signal, int code) throws Exception {
        int port = Ports.free();
        String[] args = zero ? new String[] {"", "--exit-zero-on-sigterm"} : new String[] {""};
        try (EchoServer backend = EchoServer.start()) {
            args[0] = "127.0.0.1:" + backend.port();
            try (Jar jar = Jar.run(Map.of("PORT", Integer.toString(port), "AMBASSADOR_ADMIN_LISTEN", "off"), args)
                    .awaitStarted()) {
                assertEquals("hello", echo(port, "hello"));

                jar.signal(signal);

                assertEquals(code, jar.exitCode(), jar::output);
                assertTrue(jar.output().contains("SIG" + signal + ": draining."), jar::output);
                assertThrows(IOException.class, () -> echo(port, "hello"));
            }
        }
    }

    @Test
    void aListOfTargetsIsBalancedOver() throws Exception {
        int port = Ports.free();
        try (EchoServer one = EchoServer.start();
                EchoServer two = EchoServer.start();
                Jar jar = Jar.run(
                                "forward",
                                "--admin=off",
                                port + "=127.0.0.1:" + one.port() + ",127.0.0.1:" + two.port())
                        .awaitStarted()) {
            jar.awaitOutput("127.0.0.1:" + one.port() + " added");
            jar.awaitOutput("127.0.0.1:" + two.port() + " added");

            await().untilAsserted(() -> {
                assertEquals("hello", echo(port, "hello"));
                assertTrue(one.accepted() > 2 && two.accepted() > 2);
            });
        }
    }

    @Test
    void redisIsReachedThroughSrvRecordsWithAPasswordTheClientNeverKnew() throws Exception {
        int port = Ports.free();
        Path password = Files.writeString(folder.resolve("password"), "hunter2\n");
        Files.setPosixFilePermissions(password, PosixFilePermissions.fromString("rw-------"));
        try (RedisServer redis = RedisServer.withPassword("hunter2");
                Dnsmasq dns = Dnsmasq.start(
                        1,
                        "srv-host=_redis._tcp.example.com,r1.example.com," + redis.port() + ",0,10",
                        "host-record=r1.example.com,127.0.0.1");
                Jar jar = Jar.run(
                                "forward",
                                port + "=srv://_redis._tcp.example.com?resolver=" + dns.address(),
                                "--protocol=redis",
                                "--password-file=" + password,
                                "--admin=off",
                                "--log-level=trace",
                                "--log-format=json")
                        .awaitStarted()) {
            try (RespClient client = RespClient.connect("127.0.0.1", port)) {
                assertEquals("OK", client.command("SET", "k", "v"));
                assertEquals("v", client.command("GET", "k"));
            }
            jar.signal("TERM");
            assertEquals(143, jar.exitCode());
            assertTrue(jar.output().lines().allMatch(line -> line.startsWith("{\"time\":\"")), jar::output);
            assertTrue(!jar.output().contains("hunter2"), jar::output);
        }
    }

    @Test
    void aPortThatIsTakenIsNamedWithItsService() throws Exception {
        try (ServerSocket taken = new ServerSocket(0);
                Jar jar = Jar.run("forward", "--admin=off", taken.getLocalPort() + "=127.0.0.1:1")) {
            assertEquals(1, jar.exitCode(), jar::output);
            assertTrue(jar.output().contains("127.0.0.1:" + taken.getLocalPort()), jar::output);
            assertTrue(jar.output().contains("port-" + taken.getLocalPort()), jar::output);
            assertTrue(!jar.output().contains("\tat "), jar::output);
        }
    }

    @Test
    void anAdminAddressThatIsTakenEndsRunAndNotForward() throws Exception {
        int port = Ports.free();
        Path file = Files.writeString(
                folder.resolve("a.conf"),
                "ambassador { services.a { listen = " + port + ", discovery = \"static://127.0.0.1:1\" } }");
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String address = "127.0.0.1:" + taken.getLocalPort();
            try (Jar run = Jar.run("run", "-c", file.toString(), "--set", "admin.listen=" + address)) {
                assertEquals(1, run.exitCode(), run::output);
                assertTrue(run.output().contains("admin.listen: cannot listen on " + address), run::output);
            }
            try (Jar forward = Jar.run("forward", port + "=127.0.0.1:1", "--admin=" + address)) {
                assertEquals(1, forward.exitCode(), forward::output);
            }
        }
    }

    @Test
    void forwardGoesOnWithoutTheUsualAdminAddressAndSaysSo() throws Exception {
        int port = Ports.free();
        try (ServerSocket usual = new ServerSocket();
                EchoServer backend = EchoServer.start()) {
            try {
                usual.bind(new InetSocketAddress("127.0.0.1", 9901));
            } catch (BindException e) {
                assertTrue(Ports.accepts(9901), "taken by somebody else, which serves as well");
            }
            try (Jar forward =
                    Jar.run("forward", port + "=127.0.0.1:" + backend.port()).awaitStarted()) {
                assertEquals("hello", echo(port, "hello"));
                assertTrue(
                        forward.output().contains("Going on without an admin address: admin.listen: cannot listen on"),
                        forward::output);
            }
        }
    }

    @Test
    void commandsAskTheAdminAddress() throws Exception {
        int port = Ports.free();
        int admin = Ports.free();
        Map<String, String> environment = Map.of("AMBASSADOR_ADMIN_LISTEN", "127.0.0.1:" + admin);
        try (EchoServer backend = EchoServer.start();
                Jar sidecar = Jar.run(environment, "forward", port + "=127.0.0.1:" + backend.port())) {
            try (Jar wait = Jar.run(environment, "wait", "--timeout", "60s")) {
                assertEquals(0, wait.exitCode(), wait::output);
            }
            assertEquals("hello", echo(port, "hello"));
            try (Jar status = Jar.run(environment, "status")) {
                assertEquals(0, status.exitCode(), status::output);
                assertTrue(status.output().contains("127.0.0.1:" + backend.port()), status::output);
                assertTrue(status.output().contains("port-" + port), status::output);
            }
            try (Jar status = Jar.run(environment, "status", "--json")) {
                assertEquals(0, status.exitCode(), status::output);
                assertTrue(status.output().startsWith("{\"ready\":true,"), status::output);
            }
            AdminClient client = new AdminClient("127.0.0.1:" + admin, () -> null);
            assertTrue(client.get("/metrics").body().contains("ambassador_connections_opened"));
            try (Jar level = Jar.run(environment, "log-level", "error,launcher=debug")) {
                assertEquals(0, level.exitCode(), level::output);
                assertEquals("error,io.netty=warn,launcher=debug\n", level.output());
            }
            sidecar.awaitOutput("INFO  admin Log level: error,launcher=debug, before: info,io.netty=warn");
            try (Jar level = Jar.run(environment, "log-level", "loud")) {
                assertEquals(1, level.exitCode(), level::output);
                assertTrue(level.output().contains("\"loud\" is not a level"), level::output);
            }
            try (Jar level = Jar.run(environment, "log-level")) {
                assertEquals(0, level.exitCode(), level::output);
                assertEquals("error,io.netty=warn,launcher=debug\n", level.output());
            }
            try (Jar drain = Jar.run(environment, "drain")) {
                assertEquals(0, drain.exitCode(), drain::output);
            }
            assertEquals(503, client.get("/readyz").status());
            assertEquals(200, client.get("/livez").status());
            await().untilAsserted(() -> assertThrows(IOException.class, () -> echo(port, "hello")));
            assertTrue(sidecar.isRunning());
            try (Jar shutdown = Jar.run(environment, "shutdown")) {
                assertEquals(0, shutdown.exitCode(), shutdown::output);
            }
            assertEquals(0, sidecar.exitCode(), sidecar::output);
        }
    }

    @Test
    void sigtermWaitsForOpenConnectionsAndServesProbesMeanwhile() throws Exception {
        int port = Ports.free();
        int admin = Ports.free();
        try (EchoServer backend = EchoServer.start();
                Jar sidecar = Jar.run("forward", port + "=127.0.0.1:" + backend.port(), "--admin=127.0.0.1:" + admin)
                        .awaitStarted();
                Socket open = new Socket("127.0.0.1", port)) {
            open.setSoTimeout(30_000);
            exchange(open, "before");

            sidecar.signal("TERM");

            AdminClient client = new AdminClient("127.0.0.1:" + admin, () -> null);
            await().untilAsserted(() -> assertEquals(503, client.get("/readyz").status()));
            await().untilAsserted(() -> assertThrows(IOException.class, () -> echo(port, "hello")));
            assertEquals(200, client.get("/livez").status());
            exchange(open, "while draining");
            assertTrue(sidecar.isRunning());

            open.close();
            assertEquals(143, sidecar.exitCode(), sidecar::output);
        }
    }

    @Test
    void aSecondSigtermEndsAtOnce() throws Exception {
        int port = Ports.free();
        try (EchoServer backend = EchoServer.start();
                Jar sidecar = Jar.run(
                                "forward",
                                "--admin=off",
                                "--set=defaults.on-change.drain-timeout=10m",
                                port + "=127.0.0.1:" + backend.port())
                        .awaitStarted();
                Socket open = new Socket("127.0.0.1", port)) {
            open.setSoTimeout(30_000);
            exchange(open, "before");

            sidecar.signal("TERM");
            sidecar.awaitOutput("draining");
            assertTrue(sidecar.isRunning());
            sidecar.signal("TERM");

            assertEquals(143, sidecar.exitCode(), sidecar::output);
            assertTrue(sidecar.output().contains("SIGTERM again: stopping at once."), sidecar::output);
        }
    }

    @Test
    void theScriptRunsTheJarFromAnyFolderAndThroughALink() throws Exception {
        Path link = Files.createSymbolicLink(
                folder.resolve("amb"), Path.of("..", "bin", "ambassador").toAbsolutePath());
        try (Jar version =
                Jar.exec(Map.of("JAVA_OPTS", "-Xmx48m -Dx=y"), folder, List.of(link.toString(), "--version"))) {
            assertEquals(0, version.exitCode(), version::output);
            assertTrue(version.output().contains("ambassador 0."), version::output);
        }
    }

    private static void exchange(Socket socket, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        socket.getOutputStream().write(bytes);
        assertArrayEquals(bytes, socket.getInputStream().readNBytes(bytes.length));
    }
}
