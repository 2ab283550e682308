package io.ambassador.launcher;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "log-level",
        description = "Shows or sets what a running sidecar logs, until it ends or configuration says otherwise.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class LogLevelCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Mixin
    private final AdminOptions admin = new AdminOptions();

    @Parameters(
            arity = "0..1",
            paramLabel = "LEVEL",
            description = "As for --log-level: debug, or info,service.redis=debug. Without: what is in force.")
    private @Nullable String level;

    @Override
    public Integer call() throws CommandFailure {
        AdminClient client = admin.client();
        String path = "/api/log-level";
        String inForce = level == null
                ? client.query(path)
                : client.command(path + "?level=" + URLEncoder.encode(level, StandardCharsets.UTF_8));
        spec.commandLine().getOut().println(inForce.trim());
        return 0;
    }
}
