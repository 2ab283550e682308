package io.ambassador.launcher;

import io.ambassador.launcher.demo.PracticeRedis;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * Does once what a sidecar does from start to end, so that the JVM can be told to archive the classes that takes:
 * reads a configuration, logs in, relays, answers at its admin address, and stops. Needs nothing but loopback.
 */
@Command(
        name = "rehearse",
        description = "Starts, serves and stops once, for a JVM that archives the classes it has loaded.",
        hidden = true,
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class RehearseCommand implements Callable<Integer> {
    /** More than one of each, so that what only happens the second time happens, too. */
    private static final int CONNECTIONS = 4;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        Path file = Files.createTempFile("ambassador-rehearsal", ".conf");
        try (PracticeRedis redis = PracticeRedis.start()) {
            String admin = "127.0.0.1:" + freePort();
            int listen = freePort();
            Files.writeString(
                    file, """
                    ambassador.admin.listen = "%s"
                    ambassador.services.practice {
                      listen = %d
                      discovery = "static://%s"
                      protocol = redis
                      credentials { username = %s, password.file = "%s" }
                    }
                    """.formatted(admin, listen, redis.endpoint(), PracticeRedis.USER, redis.passwordFile()));
            String[] run = {"run", "--config", file.toString()}; // whatever else there is to be found
            Preload.beginFor(run);
            FutureTask<Integer> sidecar = new FutureTask<>(() -> execute(run));
            new Thread(sidecar, "ambassador-rehearsal").start();
            exchange(admin, listen);
            int code = sidecar.get();
            describe("forward", listen + "=" + redis.endpoint());
            return code;
        } finally {
            Files.delete(file);
        }
    }

    /** A client's part, and that of a person at the command line. */
    private void exchange(String admin, int listen) throws IOException, CommandFailure {
        require("wait", "--admin", admin);
        for (int i = 0; i < CONNECTIONS; i++) {
            PracticeRedis.ping(listen);
        }
        require("status", "--admin", admin);
        AdminClient client = new AdminClient(admin, () -> null);
        for (String path : new String[] {"/livez", "/readyz", "/metrics", "/api/connections/recent"}) {
            client.query(path);
        }
        require("shutdown", "--admin", admin);
    }

    private void require(String... words) throws CommandFailure {
        if (execute(words) != 0) {
            throw new CommandFailure("\"" + words[0] + "\" failed.");
        }
    }

    private int execute(String... words) {
        return ready(words).execute(words);
    }

    private void describe(String... words) {
        ready(words).parseArgs(words);
    }

    private CommandLine ready(String... words) {
        PrintWriter out = spec.commandLine().getOut();
        return Main.commandLine(words).setOut(out).setErr(spec.commandLine().getErr());
    }

    private static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            return free.getLocalPort();
        }
    }
}
