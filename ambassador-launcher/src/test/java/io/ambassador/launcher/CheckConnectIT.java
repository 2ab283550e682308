package io.ambassador.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ambassador.testkit.Certificates;
import io.ambassador.testkit.EchoServer;
import io.ambassador.testkit.Ports;
import io.ambassador.testkit.PostgresServer;
import io.ambassador.testkit.RedisServer;
import io.ambassador.testkit.RefusingServer;
import io.ambassador.testkit.ScriptedServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code check --connect} against real servers, right and wrong. */
class CheckConnectIT {
    @TempDir
    private Path folder;

    private Jar check(String services, String... more) throws Exception {
        Path file = Files.writeString(folder.resolve("a.conf"), "ambassador { services {\n" + services + "\n} }");
        List<String> arguments = new ArrayList<>(List.of("check", "-c", file.toString(), "--connect"));
        arguments.addAll(List.of(more));
        return Jar.run(arguments.toArray(String[]::new));
    }

    private static String redis(int port, String password) {
        return "{ listen = 0, protocol = redis, credentials.password = " + password
                + ", discovery = \"static://127.0.0.1:" + port + "\" }\n";
    }

    @Test
    void aServiceThatCanBeReachedIsWell() throws Exception {
        int taken = Ports.free();
        try (RedisServer redis = RedisServer.withPassword("right");
                EchoServer echo = EchoServer.start();
                Jar check = check("redis " + redis(redis.port(), "right") + "echo { listen = " + taken
                        + ", discovery = \"static://127.0.0.1:" + echo.port() + "\" }")) {
            assertEquals(0, check.exitCode(), check::output);
            assertTrue(
                    check.output()
                            .matches("(?s).*\n  127\\.0\\.0\\.1:" + redis.port()
                                    + " ok, role primary, logged in, connect [0-9.]+ ms, login [0-9.]+ ms\n.*"),
                    check::output);
            assertTrue(check.output().contains("# 2 of 2 services can be reached in full."), check::output);
            assertFalse(Ports.accepts(taken), "nothing is bound");
        }
    }

    @Test
    void whatIsWrongIsNamedWithTheWayOutAndNoSecret() throws Exception {
        try (RedisServer redis = RedisServer.withPassword("right");
                RefusingServer dead = RefusingServer.start();
                Jar check = check("wrong " + redis(redis.port(), "hunter2")
                        + "dead { listen = 2, discovery = \"static://127.0.0.1:" + dead.port() + "\" }\n"
                        + "lost { listen = 3, discovery = \"dns://nowhere.invalid:80\" }\n"
                        + "replica { listen = 4, role = replica, protocol = redis, credentials.password = right,"
                        + " discovery = \"static://127.0.0.1:" + redis.port() + "\" }")) {
            assertEquals(1, check.exitCode(), check::output);
            assertTrue(check.output().contains(" FAILED login-refused, connect "), check::output);
            assertTrue(
                    check.output().contains("    Correct credentials.username and credentials.password"),
                    check::output);
            assertTrue(check.output().contains("127.0.0.1:" + dead.port() + " FAILED connect-refused"), check::output);
            assertTrue(check.output().contains("FAILED no endpoint was found: "), check::output);
            assertTrue(check.output().contains("FAILED none of 1 endpoints has the role replica"), check::output);
            assertFalse(check.output().contains("hunter2"), check::output);
        }
    }

    @Test
    void refusedCredentialsAreShownOnce() throws Exception {
        AtomicInteger logins = new AtomicInteger();
        ScriptedServer.Script refuses = connection -> {
            byte[] bytes = new byte[512];
            int count = connection.in().read(bytes);
            boolean login = new String(bytes, 0, Math.max(0, count), StandardCharsets.US_ASCII).contains("AUTH");
            logins.addAndGet(login ? 1 : 0);
            connection
                    .out()
                    .write((login ? "-WRONGPASS no\r\n" : "-NOAUTH who\r\n").getBytes(StandardCharsets.US_ASCII));
            connection.awaitClose();
        };
        try (ScriptedServer one = ScriptedServer.start(refuses);
                ScriptedServer two = ScriptedServer.start(refuses);
                ScriptedServer three = ScriptedServer.start(refuses);
                Jar check = check("many { listen = 0, protocol = redis, credentials.password = hunter2, discovery ="
                        + " \"static://127.0.0.1:" + one.port() + ",127.0.0.1:" + two.port() + ",127.0.0.1:"
                        + three.port() + "\" }")) {
            assertEquals(1, check.exitCode(), check::output);
            assertEquals(1, logins.get(), check::output);
            assertEquals(
                    2,
                    check.output().split("not logged in, since the credentials were refused before", -1).length - 1,
                    check::output);
        }
    }

    @Test
    void certificatesAreVerifiedAndJsonTellsAll() throws Exception {
        Certificates certificates = Certificates.in(folder);
        Certificates others = Certificates.in(folder);
        try (PostgresServer postgres = PostgresServer.builder()
                        .user("app", "right")
                        .tls(certificates.server("db.example"))
                        .start();
                ScriptedServer silent = ScriptedServer.start(connection -> connection.awaitClose());
                Jar check = check(
                        "a-right " + postgres(postgres, "right", "db.example", certificates.ca())
                                + "b-password " + postgres(postgres, "hunter2", "db.example", certificates.ca())
                                + "c-name " + postgres(postgres, "right", "other.example", certificates.ca())
                                + "d-authority " + postgres(postgres, "right", "db.example", others.ca())
                                + "e-silent { listen = 0, discovery = \"static://127.0.0.1:" + silent.port()
                                + "\", tls { server-name = x.example, ca = \"" + certificates.ca() + "\" } }",
                        "--json")) {
            assertEquals(1, check.exitCode(), check::output);
            String output = check.output();
            Map<?, ?> report =
                    (Map<?, ?>) JsonTree.parse(output.substring(output.indexOf('{', output.indexOf("{\"ok\""))));
            assertEquals(false, report.get("ok"));
            List<String> failures = new ArrayList<>();
            for (Object service : (List<?>) report.get("services")) {
                Map<?, ?> endpoint = (Map<?, ?>) ((List<?>) ((Map<?, ?>) service).get("endpoints")).get(0);
                failures.add(((Map<?, ?>) service).get("name") + " " + endpoint.get("failure") + " "
                        + endpoint.get("loggedIn") + " " + endpoint.get("role"));
            }
            assertEquals(
                    List.of(
                            "a-right null true primary",
                            "b-password login-refused false unknown",
                            "c-name tls-failed false unknown",
                            "d-authority tls-failed false unknown",
                            "e-silent tls-timeout false unknown"),
                    failures,
                    check::output);
            assertFalse(output.contains("hunter2"), check::output);
        }
    }

    private static String postgres(PostgresServer server, String password, String name, Path ca) {
        return "{ listen = 0, protocol = postgresql, discovery = \"static://127.0.0.1:" + server.port()
                + "\", credentials { username = app, password = " + password + " }, postgresql.database = postgres,"
                + " tls { server-name = " + name + ", ca = \"" + ca + "\" } }\n";
    }
}
