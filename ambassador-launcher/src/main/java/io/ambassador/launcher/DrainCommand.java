package io.ambassador.launcher;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "drain",
        description = "Tells a running sidecar to accept no more connections and let the open ones end.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class DrainCommand implements Callable<Integer> {
    @Mixin
    private final AdminOptions admin = new AdminOptions();

    @Override
    public Integer call() throws CommandFailure {
        admin.client().command("/api/drain");
        return 0;
    }
}
