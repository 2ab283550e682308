package io.ambassador.launcher;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.testkit.EchoServer;
import io.ambassador.testkit.Ports;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Change while running, by the packaged jar as users run it. */
class ReloadIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final int port = Ports.free();
    private final int admin = Ports.free();

    @TempDir
    private Path folder;

    private Path file;
    private EchoServer backend;

    @BeforeEach
    void start() throws Exception {
        file = folder.resolve("ambassador.conf");
        backend = EchoServer.start();
        describe("");
    }

    @AfterEach
    void stop() {
        backend.close();
    }

    /** One service, and {@code more} of it. */
    private void describe(String more) throws IOException {
        write("services.echo { listen = " + port + ", discovery = \"static://127.0.0.1:" + backend.port() + "\"" + more
                + " }");
    }

    private void write(String text) throws IOException {
        Files.writeString(file, "ambassador { admin.listen = " + admin + "\n" + text + "\n}\n");
    }

    private Jar sidecar(String... options) {
        return sidecar(Map.of(), options);
    }

    private Jar sidecar(Map<String, String> environment, String... options) {
        String[] args = new String[options.length + 3];
        args[0] = "run";
        args[1] = "-c";
        args[2] = file.toString();
        System.arraycopy(options, 0, args, 3, options.length);
        return Jar.run(environment, args).awaitStarted();
    }

    /** What {@code ambassador COMMAND} says. */
    private String ask(int code, String... command) throws Exception {
        try (Jar jar = Jar.run(Map.of("AMBASSADOR_ADMIN_LISTEN", Integer.toString(admin)), command)) {
            assertEquals(code, jar.exitCode(), jar::output);
            return jar.output();
        }
    }

    private Socket client() throws IOException {
        Socket socket = new Socket();
        socket.connect(new InetSocketAddress("127.0.0.1", port));
        socket.setSoTimeout(30_000);
        return socket;
    }

    private static void echoes(Socket client) throws IOException {
        client.getOutputStream().write('x');
        assertEquals('x', client.getInputStream().read());
    }

    @Test
    void aHangUpReadsTheSameFilesAgain() throws Exception {
        try (Jar sidecar = sidecar();
                Socket client = client()) {
            echoes(client);
            describe(", limits.max-connections = 7");

            sidecar.signal("HUP");

            sidecar.awaitOutput("SIGHUP: reloading the configuration.");
            sidecar.awaitOutput("configuration 2 is in force: service echo changed (limits.max-connections)");
            echoes(client);
            String config = new AdminClient(Integer.toString(admin), () -> null).query("/api/config");
            assertTrue(config.startsWith("{\"generation\":2,"), config);
            assertTrue(
                    config.contains("{\"key\":\"services.echo.limits.max-connections\",\"value\":\"7\",\"origin\":\""
                            + file + ": 2\"}"),
                    config);
            assertTrue(ask(0, "status").contains("127.0.0.1:" + port));
        }
    }

    @Test
    void aDryRunShowsThePlanAndAReloadCarriesItOut() throws Exception {
        int second = Ports.free();
        try (Jar sidecar = sidecar()) {
            write("services.echo { listen = " + port + ", discovery = \"static://127.0.0.1:" + backend.port()
                    + "\", limits.max-connections = 7 }\n"
                    + "services.more { listen = " + second + ", discovery = \"static://127.0.0.1:" + backend.port()
                    + "\" }\nevent-loops = 3");
            String plan = "service echo: changed\n"
                    + "  limits.max-connections: 10000 -> 7 (new connections; open ones stay as they are)\n"
                    + "service more: added\n"
                    + "listener 127.0.0.1:" + second + ": added\n"
                    + "event-loops: takes a restart\n";

            assertEquals(plan + "Nothing was changed: this was a dry run.\n", ask(0, "reload", "--dry-run"));
            assertFalse(Ports.accepts(second));
            assertEquals(plan + "Configuration 2 is in force.\n", ask(0, "reload"));
            assertTrue(Ports.accepts(second));
            assertEquals(
                    "event-loops: takes a restart\nNothing has changed; configuration 2 is in force.\n",
                    ask(0, "reload"));
            assertTrue(sidecar.output().contains("event-loops has changed, which takes a restart."));
        }
    }

    @Test
    void aConfigurationThatIsWrongChangesNothingAndSaysEverythingThatIs() throws Exception {
        try (Jar sidecar = sidecar();
                Socket client = client()) {
            echoes(client);
            describe(", rol = primary, limits.max-connections = many");

            String said = ask(2, "reload");

            assertTrue(said.contains("services.echo.rol: is not a known key (did you mean role?"), said);
            assertTrue(said.contains("services.echo.limits.max-connections: \"many\""), said);
            assertTrue(said.endsWith("ambassador: rejected; configuration 1 stays in force.\n"), said);
            assertTrue(sidecar.output().contains("rejected, configuration 1 stays: " + file + ": 2: services.echo"));
            echoes(client);
            try (Socket another = client()) {
                echoes(another);
            }

            Files.writeString(file, "ambassador.services.echo = " + "[".repeat(100_000) + "]".repeat(100_000));
            assertTrue(ask(2, "reload", "--dry-run").contains("is nested more than 100 deep"));
            Files.writeString(file, "x = \"" + "x".repeat(1 << 20) + "\"");
            assertTrue(ask(2, "reload", "--dry-run").contains(file + ": is larger than 1048576 bytes"));
            Files.writeString(file, "include url(\"http://127.0.0.1:1/x\")");
            assertTrue(ask(2, "reload", "--dry-run").contains("only files can be included"));
        }
    }

    @Test
    void whatOptionsAndEnvironmentSaidAtTheStartIsSaidAgain() throws Exception {
        try (Jar sidecar =
                sidecar(Map.of("AMBASSADOR_SERVICES_ECHO_BALANCING", "first"), "--set", "services.echo.role=any")) {
            describe(", role = primary, balancing = random");

            assertEquals("Nothing has changed; configuration 1 is in force.\n", ask(0, "reload"));

            sidecar.awaitOutput("configuration 1 is in force: nothing changes");
        }
    }

    @Test
    void filesAreFollowedWhereThatIsWantedIncludedOnesToo() throws Exception {
        Path included = folder.resolve("more.conf");
        write("reload.watch = on, services { echo { listen = " + port + ", discovery = \"static://127.0.0.1:"
                + backend.port() + "\" }, include \"more.conf\" }");
        try (Jar sidecar = sidecar();
                Socket client = client()) {
            echoes(client);
            int second = Ports.free();
            Files.writeString(
                    included,
                    "more { listen = " + second + ", discovery = \"static://127.0.0.1:" + backend.port() + "\" }");
            sidecar.awaitOutput("configuration 2 is in force: service more added");

            Files.writeString(included, "more { listen = ");
            sidecar.awaitOutput("rejected, configuration 2 stays: " + included);
            assertTrue(Ports.accepts(second));

            Files.delete(included);
            sidecar.awaitOutput("configuration 3 is in force: service more removed");
            await().atMost(PATIENCE).until(() -> !Ports.accepts(second));

            write("services.echo { listen = " + port + ", discovery = \"static://127.0.0.1:" + backend.port()
                    + "\", role = any, limits.max-connections = 7 }");
            sidecar.awaitOutput("configuration 4 is in force: service echo changed (limits.max-connections)");
            echoes(client);
        }
    }

    @Test
    void aServiceAndAnEndpointAreDrainedByCommand() throws Exception {
        try (Jar sidecar = sidecar();
                Socket client = client()) {
            echoes(client);
            String endpoint = "127.0.0.1:" + backend.port();

            ask(0, "drain", "echo/" + endpoint);
            assertTrue(ask(0, "status").contains("drained"));
            ask(0, "drain", "echo/" + endpoint, "--undo");
            ask(0, "drain", "echo");
            assertFalse(Ports.accepts(port));
            echoes(client);
            ask(0, "drain", "echo", "--undo");
            try (Socket another = client()) {
                echoes(another);
            }
            assertTrue(ask(1, "drain", "nosuch").contains("404"));
            assertTrue(ask(2, "drain", "--undo").contains("--undo"));
            assertTrue(sidecar.isRunning());
        }
    }
}
