package io.ambassador.launcher;

import io.ambassador.launcher.logging.Logging;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.Words;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code ambassador}. */
@Command(
        name = "ambassador",
        description = "A sidecar that masquerades as the services an application talks to.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        subcommands = {
            RunCommand.class,
            ForwardCommand.class,
            CheckCommand.class,
            StatusCommand.class,
            WaitCommand.class,
            DrainCommand.class,
            ShutdownCommand.class,
            DemoCommand.class
        },
        footer = {"", "A target alone is forwarded to: ambassador 10.0.0.5:6379, ambassador redis.service.consul"})
public final class Main implements Runnable {
    /** Wrong usage or configuration. */
    static final int EXIT_WRONG = 2;

    /** Could not start, or failed while running. */
    static final int EXIT_FAILED = 1;

    private static final Set<String> LATER_ALIASES = Set.of("--links", "--omnimode", "--setup-iptables");

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    public static void main(String[] args) {
        Logging.configure("info", Logging.Format.TEXT);
        System.exit(commandLine().execute(withAlias(args)));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Main())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler(Main::wrongUsage)
                .setExecutionExceptionHandler(Main::failed);
    }

    /** A first word that is no command but could be a target is forwarded to. */
    static String[] withAlias(String[] args) {
        if (args.length == 0
                || args[0].startsWith("-")
                || commandLine().getSubcommands().containsKey(args[0])) {
            return args;
        }
        if (!Target.isTarget(args[0])) {
            return args;
        }
        List<String> forward = new ArrayList<>(Arrays.asList(args));
        forward.add(0, "forward");
        return forward.toArray(String[]::new);
    }

    /** Without a command. */
    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Give a command, or a target to forward to.");
    }

    private static int wrongUsage(ParameterException e, String[] args) {
        PrintWriter err = e.getCommandLine().getErr();
        if (args.length > 0 && LATER_ALIASES.contains(args[0])) {
            err.println("ambassador: " + args[0] + " is not supported by this version.");
            return EXIT_WRONG;
        }
        if (args.length > 0 && e.getCommandLine().getCommandSpec().parent() == null && !args[0].startsWith("-")) {
            Set<String> known =
                    new TreeSet<>(e.getCommandLine().getSubcommands().keySet());
            err.println("ambassador: \"" + args[0] + "\" is neither a command nor a target ("
                    + Words.didYouMean(args[0], known) + ").");
            return EXIT_WRONG;
        }
        err.println("ambassador: " + e.getMessage());
        CommandLine.UnmatchedArgumentException.printSuggestions(e, err);
        err.println("See " + e.getCommandLine().getCommandSpec().qualifiedName() + " --help.");
        return EXIT_WRONG;
    }

    private static int failed(Exception e, CommandLine line, CommandLine.ParseResult result) throws Exception {
        if (e instanceof ConfigurationException wrong) {
            wrong.problems().forEach(problem -> line.getErr().println("ambassador: " + problem));
            return EXIT_WRONG;
        }
        if (e instanceof CommandFailure failure) {
            line.getErr().println("ambassador: " + failure.getMessage());
            return EXIT_FAILED;
        }
        throw e;
    }
}
