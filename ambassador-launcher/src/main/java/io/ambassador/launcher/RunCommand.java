package io.ambassador.launcher;

import com.typesafe.config.ConfigFactory;
import io.ambassador.service.Catalog;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "run",
        description = "Runs the sidecar that the configuration describes.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class RunCommand implements Callable<Integer> {
    @Mixin
    private final ConfigOptions config = new ConfigOptions();

    @Mixin
    private final RunOptions options = new RunOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Parameters(
            paramLabel = "-- APP ARGS",
            description = "An application to run once the sidecar is ready. The sidecar serves until it has exited, and"
                    + " exits with its code.")
    private List<String> application = new ArrayList<>();

    @Override
    public Integer call() throws Exception {
        if (!application.isEmpty()
                && !spec.commandLine().getParseResult().originalArgs().contains("--")) {
            throw new ParameterException(
                    spec.commandLine(), "\"" + application.get(0) + "\": write -- before an application to run.");
        }
        options.setUpLog();
        config.lookUp();
        Catalog catalog = Catalog.load();
        Reading.Source source = used -> config.read(ConfigFactory.empty(), catalog, used);
        return new Sidecar(source, true, options, application).run();
    }
}
