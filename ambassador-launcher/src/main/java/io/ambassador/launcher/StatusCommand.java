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
        AdminClient client = admin.client();
        AdminClient.Answer answer = client.get("/api/services");
        if (answer.status() != 200) {
            throw client.refused(answer);
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(answer.body().trim());
        } else {
            StatusTable.print(answer.body(), out);
        }
        return 0;
    }
}
