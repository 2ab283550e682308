package io.ambassador.launcher;

import com.typesafe.config.ConfigFactory;
import io.ambassador.launcher.config.Configuration;
import io.ambassador.service.Catalog;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "check",
        description = "Validates configuration and prints what is in force, with origins, secrets masked. Opens no"
                + " socket.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class CheckCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Mixin
    private final ConfigOptions config = new ConfigOptions();

    @Override
    public Integer call() throws Exception {
        config.lookUp();
        Configuration configuration = config.read(ConfigFactory.empty(), Catalog.load());
        PrintWriter out = spec.commandLine().getOut();
        configuration.effective().get().forEach(out::println);
        configuration.warnings().forEach(warning -> spec.commandLine().getErr().println("warning: " + warning));
        int services = configuration.services().size();
        out.println("# " + config.description() + " is valid: " + services + (services == 1 ? " service" : " services")
                + ".");
        return 0;
    }
}
