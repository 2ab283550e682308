package io.ambassador.launcher;

import io.ambassador.launcher.config.LogSettings;
import io.ambassador.launcher.logging.Logging;
import org.jspecify.annotations.Nullable;
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
            description = "error, warn, info, debug or trace; for one logger: info,io.netty=debug. Default: log.level,"
                    + " else info.")
    private @Nullable String level;

    @Option(
            names = "--log-format",
            paramLabel = "FORMAT",
            description = "text or json. Default: log.format, else text.")
    private Logging.@Nullable Format format;

    @Option(names = "--exit-zero-on-sigterm", description = "Exit with 0 instead of 143 after SIGTERM.")
    private boolean exitZeroOnSigterm;

    /** Before anything is logged, configuration being read included. */
    void setUpLog() {
        try {
            Logging.configure(
                    level == null ? Logging.DEFAULT_LEVELS : level, format == null ? Logging.Format.TEXT : format);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "--log-level: " + e.getMessage() + ".");
        }
    }

    /** Once the configuration has been read, and each time it is read again: what it says, where options say nothing. */
    void setUpLog(LogSettings configured) {
        if (level == null && configured.levels() != null) {
            Logging.setLevels(configured.levels());
        }
        if (format == null && configured.format() != null) {
            Logging.setFormat(configured.format());
        }
    }

    boolean exitZeroOnSigterm() {
        return exitZeroOnSigterm;
    }
}
