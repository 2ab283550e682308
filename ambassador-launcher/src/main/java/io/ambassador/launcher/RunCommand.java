package io.ambassador.launcher;

import com.typesafe.config.ConfigFactory;
import io.ambassador.launcher.config.Configuration;
import io.ambassador.service.Catalog;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

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

    @Override
    public Integer call() throws Exception {
        options.setUpLog();
        config.lookUp();
        Configuration configuration = config.read(ConfigFactory.empty(), Catalog.load());
        return new Sidecar(configuration, true, options.exitZeroOnSigterm()).run();
    }
}
