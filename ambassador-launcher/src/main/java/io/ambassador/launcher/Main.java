package io.ambassador.launcher;

import io.ambassador.launcher.logging.Logging;
import io.ambassador.spi.ConfigurationException;
import io.ambassador.spi.Words;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
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
        footer = {"", "A target alone is forwarded to: ambassador 10.0.0.5:6379, ambassador redis.service.consul"})
public final class Main implements Runnable {
    /** Wrong usage or configuration. */
    static final int EXIT_WRONG = 2;

    /** Could not start, or failed while running. */
    static final int EXIT_FAILED = 1;

    private static final Map<String, Supplier<Object>> COMMANDS = commands();
    private static final Set<String> LATER_ALIASES = Set.of("--omnimode", "--setup-iptables");

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    public static void main(String[] args) {
        Logging.configure("info", Logging.Format.TEXT);
        String[] words = withAlias(args);
        Preload.beginFor(words);
        System.exit(commandLine(words).execute(words));
    }

    private static Map<String, Supplier<Object>> commands() {
        Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
        commands.put("run", RunCommand::new);
        commands.put("forward", ForwardCommand::new);
        commands.put("check", CheckCommand::new);
        commands.put("status", StatusCommand::new);
        commands.put("wait", WaitCommand::new);
        commands.put("reload", ReloadCommand::new);
        commands.put("log-level", LogLevelCommand::new);
        commands.put("drain", DrainCommand::new);
        commands.put("shutdown", ShutdownCommand::new);
        commands.put("demo", DemoCommand::new);
        commands.put("rehearse", RehearseCommand::new);
        return commands;
    }

    /** Knows the command that {@code args} begin with, or all if it is none: describing all takes half of start-up. */
    static CommandLine commandLine(String... args) {
        CommandLine line = new CommandLine(new Main());
        Supplier<Object> wanted = args.length == 0 ? null : COMMANDS.get(args[0]);
        if (wanted != null) {
            line.addSubcommand(args[0], wanted.get());
        } else {
            COMMANDS.forEach((name, command) -> line.addSubcommand(name, command.get()));
        }
        return line.setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler(Main::wrongUsage)
                .setExecutionExceptionHandler(Main::failed);
    }

    /** A first word that is no command but could be a target is forwarded to, as is what {@code --links} finds. */
    static String[] withAlias(String[] args) {
        boolean forwards = args.length > 0
                && (args[0].equals("--links")
                        || !args[0].startsWith("-") && !COMMANDS.containsKey(args[0]) && Target.isTarget(args[0]));
        if (!forwards) {
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
            err.println("ambassador: \"" + args[0] + "\" is neither a command nor a target ("
                    + Words.didYouMean(args[0], COMMANDS.keySet()) + ").");
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
