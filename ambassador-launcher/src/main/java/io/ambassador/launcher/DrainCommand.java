package io.ambassador.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLEncoder;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "drain",
        description =
                "Tells a running sidecar to accept no more connections and let the open ones end: all, or those of"
                        + " one service or endpoint.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class DrainCommand implements Callable<Integer> {
    @Mixin
    private final AdminOptions admin = new AdminOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Parameters(
            arity = "0..1",
            paramLabel = "SERVICE[/ENDPOINT]",
            description = "A service, whose listeners are closed, or one endpoint of it, such as redis/10.0.0.7:6379,"
                    + " that gets no new connections. Default: everything, for good.")
    private @Nullable String target;

    @Option(names = "--undo", description = "Ends the drain of a service or an endpoint.")
    private boolean undo;

    @Override
    public Integer call() throws CommandFailure {
        if (undo && target == null) {
            throw new ParameterException(
                    spec.commandLine(), "--undo: name a service or an endpoint. A drain of everything has no end.");
        }
        admin.client().command(target == null ? "/api/drain" : path(target) + (undo ? "/undrain" : "/drain"));
        return 0;
    }

    private static String path(String target) {
        int slash = target.indexOf('/');
        String service = slash < 0 ? target : target.substring(0, slash);
        String path = "/api/services/" + URLEncoder.encode(service, UTF_8);
        return slash < 0 ? path : path + "/endpoints/" + URLEncoder.encode(target.substring(slash + 1), UTF_8);
    }
}
