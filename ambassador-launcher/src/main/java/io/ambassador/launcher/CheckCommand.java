package io.ambassador.launcher;

import com.typesafe.config.ConfigFactory;
import io.ambassador.ServiceReport;
import io.ambassador.launcher.config.Configuration;
import io.ambassador.launcher.logging.Logging;
import io.ambassador.service.Catalog;
import io.ambassador.spi.Units;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "check",
        description = "Validates configuration and prints what is in force, with origins, secrets masked. Opens no"
                + " socket unless told to connect.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class CheckCommand implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Mixin
    private final ConfigOptions config = new ConfigOptions();

    @Option(
            names = "--connect",
            description = "Also find each service's endpoints, connect to them and log in once at each. Exit code 1 if"
                    + " anything of it fails.")
    private boolean connect;

    @Option(names = "--json", description = "With --connect: what was found as JSON, and nothing else.")
    private boolean json;

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            defaultValue = "10s",
            description = "With --connect: how long discovery may take. Default: 10s.")
    @SuppressWarnings("NullAway.Init")
    private String timeout;

    @Override
    public Integer call() throws Exception {
        if (json && !connect) {
            throw new ParameterException(spec.commandLine(), "--json goes with --connect.");
        }
        Duration patience = patience();
        config.lookUp();
        Configuration configuration = config.read(ConfigFactory.empty(), Catalog.load());
        PrintWriter out = spec.commandLine().getOut();
        configuration.warnings().forEach(warning -> spec.commandLine().getErr().println("warning: " + warning));
        if (!json) {
            configuration.effective().get().forEach(out::println);
            int services = configuration.services().size();
            out.println("# " + config.description() + " is valid: " + services
                    + (services == 1 ? " service" : " services") + ".");
            out.flush();
        }
        return connect ? connect(configuration, patience, out) : 0;
    }

    private int connect(Configuration configuration, Duration patience, PrintWriter out) throws InterruptedException {
        Logging.configure("error", Logging.Format.TEXT); // what goes on is in the report
        List<ServiceReport> reports = configuration.toBuilder().check(patience);
        if (json) {
            CheckReport.json(reports, out);
        } else {
            CheckReport.text(reports, out);
        }
        return reports.stream().allMatch(ServiceReport::isWell) ? 0 : Main.EXIT_FAILED;
    }

    private Duration patience() {
        try {
            return Units.duration(timeout);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(
                    spec.commandLine(), "--timeout " + timeout + ": expected a duration such as 30s.");
        }
    }
}
