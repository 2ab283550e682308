package io.ambassador.launcher;

import io.ambassador.launcher.logging.Logging;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** How a sidecar logs and ends. */
final class RunOptions {
    @Spec(Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec command;

    @Option(
            names = "--log-level",
            paramLabel = "LEVEL",
            defaultValue = "info",
            description = "error, warn, info, debug or trace; for one logger: info,io.netty=debug. Default: info.")
    @SuppressWarnings("NullAway.Init")
    private String level;

    @Option(
            names = "--log-format",
            paramLabel = "FORMAT",
            defaultValue = "text",
            description = "text or json. Default: text.")
    @SuppressWarnings("NullAway.Init")
    private Logging.Format format;

    @Option(names = "--exit-zero-on-sigterm", description = "Exit with 0 instead of 143 after SIGTERM.")
    private boolean exitZeroOnSigterm;

    void setUpLog() {
        try {
            Logging.configure(level, format);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(
                    command.commandLine(), "--log-level " + level + ": expected error, warn, info, debug or trace.");
        }
    }

    boolean exitZeroOnSigterm() {
        return exitZeroOnSigterm;
    }
}
