package io.ambassador.launcher;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "status",
        description = "Shows the services of a running sidecar, their endpoints, health and connections.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class StatusCommand implements Callable<Integer> {
    private static final Path STANDARD_OUTPUT = Path.of("/proc/self/fd/1");

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Mixin
    private final AdminOptions admin = new AdminOptions();

    @Option(names = "--json", description = "As the admin address gives it.")
    private boolean json;

    @Option(names = "--watch", description = "Shows it again and again, until interrupted. A terminal is redrawn.")
    private boolean watch;

    @Option(
            names = "--interval",
            paramLabel = "DURATION",
            defaultValue = "2s",
            converter = Durations.class,
            description = "Between two looks. Default: 2s.")
    @SuppressWarnings("NullAway.Init")
    private Duration interval;

    @Override
    public Integer call() throws CommandFailure, InterruptedException {
        AdminClient client = admin.client();
        PrintWriter out = spec.commandLine().getOut();
        if (!watch) {
            String services = client.query("/api/services");
            if (json) {
                out.println(services.trim());
            } else {
                StatusTable.print(services, out);
            }
            return 0;
        }
        client.query("/livez"); // nobody there: better told now than again and again
        StatusWatch screen = new StatusWatch(client, out, json, !json && isTerminal());
        while (screen.show()) {
            TimeUnit.NANOSECONDS.sleep(interval.toNanos());
        }
        return 0;
    }

    /** Whether people look at standard output. {@code System.console()} would ask about the input, too. */
    private static boolean isTerminal() {
        try {
            return Files.readSymbolicLink(STANDARD_OUTPUT).toString().matches("/dev/(pts/\\d+|tty.*|console)");
        } catch (IOException e) {
            return System.console() != null;
        }
    }
}
