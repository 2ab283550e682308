package io.ambassador.launcher;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
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
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Mixin
    private final AdminOptions admin = new AdminOptions();

    @Option(names = "--json", description = "As the admin address gives it.")
    private boolean json;

    @Override
    public Integer call() throws CommandFailure {
        String services = admin.client().query("/api/services");
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(services.trim());
        } else {
            StatusTable.print(services, out);
        }
        return 0;
    }
}
