package io.ambassador.launcher;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands that open no socket, in this process. */
class MainTest {
    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        String[] words = Main.withAlias(args);
        return Main.commandLine(words)
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err))
                .execute(words);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "run", "forward", "check", "status", "wait", "drain", "shutdown", "demo", "rehearse"})
    void everyCommandHasHelpAndVersion(String command) {
        String[] prefix = command.isEmpty() ? new String[0] : new String[] {command};
        assertEquals(0, run(with(prefix, "--help")), err::toString);
        assertTrue(out.toString().contains("Usage: ambassador"), out::toString);
        assertEquals(0, run(with(prefix, "--version")), err::toString);
        assertTrue(out.toString().contains("ambassador unpackaged (Java "), out::toString);
    }

    private static String[] with(String[] prefix, String last) {
        return prefix.length == 0 ? new String[] {last} : new String[] {prefix[0], last};
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    10.0.0.5:8080        | true
                    h1:6379,h2:6379      | true
                    redis.service.consul | true
                    srv://redis          | true
                    etcd://h:2379/path   | true
                    run                  | false
                    rnu                  | false
                    --help               | false
                    --links              | true
                    """)
    void aTargetAloneIsForwardedTo(String word, boolean forwarded) {
        String[] expected = forwarded ? new String[] {"forward", word} : new String[] {word};

        assertArrayEquals(expected, Main.withAlias(new String[] {word}));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    rnu                                   | "rnu" is neither a command nor a target (did you mean run?
                    --links                               | --links: nothing is linked
                    --omnimode                            | --omnimode is not supported by this version
                    --setup-iptables                      | --setup-iptables is not supported by this version
                    etcd://127.0.0.1:2379                 | expected: etcd://host:port,host:port/path
                    run --nosuch                          | Unknown option: '--nosuch'
                    run -c /nosuch/file                   | /nosuch/file: there is no such file
                    run --log-level loud                  | --log-level: "loud" is not a level (known: error, warn, info, debug, trace)
                    forward                               | Missing required parameter
                    forward rnu                           | "rnu" is not a target
                    forward 1=h:1 --protocol nosuch       | "nosuch" is not a known protocol
                    forward *:1=127.0.0.1:1 --protocol redis --password-file /p | whoever reaches this address
                    forward 1=127.0.0.1:1 --tls-ca /ca    | tls.server-name: is missing
                    wait --timeout soon                   | "soon" is not a duration such as 250ms, 30s or 2m
                    status --watch --interval soon        | "soon" is not a duration such as 250ms, 30s or 2m
                    """)
    void wrongUsageIsToldAndExitsWithTwo(String line, String message) {
        assertEquals(2, run(line.split(" ")));
        assertTrue(err.toString().contains(message), err::toString);
        assertTrue(err.toString().startsWith("ambassador: "), err::toString);
        assertTrue(!err.toString().contains("\tat "), err::toString);
    }

    @Test
    void noCommandIsWrongUsage() {
        assertEquals(2, run());
        assertTrue(err.toString().contains("Give a command, or a target to forward to."), err::toString);
    }

    @Test
    void checkPrintsWhatIsInForceAndNoSecret() throws Exception {
        Path file = Files.writeString(folder.resolve("a.conf"), """
                ambassador.services.redis { listen = 6379, discovery = "static://127.0.0.1:1", protocol = redis
                  credentials.password = hunter2 }
                """);

        assertEquals(0, run("check", "-c", file.toString(), "--set", "services.redis.role=primary"), err::toString);

        assertTrue(
                out.toString().contains("services.redis.role = \"primary\"  # --set services.redis.role"),
                out::toString);
        assertTrue(out.toString().contains("services.redis.relay = auto  # default"), out::toString);
        assertTrue(out.toString().contains("is valid: 1 service."), out::toString);
        assertTrue(
                err.toString().contains(": services.redis.credentials.password: the secret stands in"), err::toString);
        assertTrue(!(out + "" + err).contains("hunter2"));
    }

    @Test
    void checkTellsEveryProblemAndExitsWithTwo() throws Exception {
        Path file = Files.writeString(folder.resolve("a.conf"), "ambassador.services.redis { lisen = 6379, rol = x }");

        assertEquals(2, run("check", "-c", file.toString()));

        assertTrue(
                err.toString().contains("a.conf: 1: services.redis.lisen: is not a known key (did you mean listen?"));
        assertTrue(err.toString().contains("a.conf: 1: services.redis.rol: is not a known key (did you mean role?"));
        assertEquals("", out.toString());
    }

    @Test
    void aSidecarThatIsNotThereIsSaidSo() {
        assertEquals(1, run("status", "--admin", "127.0.0.1:1"));
        assertTrue(err.toString().contains("The admin address 127.0.0.1:1 does not answer"), err::toString);
        assertEquals(1, run("wait", "--admin", "127.0.0.1:1", "--timeout", "1ms"));
        assertTrue(err.toString().contains("Not ready after 1ms"), err::toString);
    }

    @Test
    void aRehearsalLogsInRelaysAndStops() {
        assertEquals(0, run("rehearse"), err::toString);
        assertTrue(out.toString().contains("practice"), out::toString);
        assertTrue(out.toString().contains("  healthy  "), out::toString);
    }
}
