package io.ambassador.launcher;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "shutdown",
        description = "Tells a running sidecar to drain and exit.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class ShutdownCommand implements Callable<Integer> {
    @Mixin
    private final AdminOptions admin = new AdminOptions();

    @Override
    public Integer call() throws CommandFailure {
        admin.client().command("/shutdown");
        return 0;
    }
}
