package io.ambassador.launcher;

import io.ambassador.spi.Units;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "wait",
        description = "Blocks until a sidecar is ready.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class WaitCommand implements Callable<Integer> {
    private static final int PAUSE_MILLIS = 100;

    @Mixin
    private final AdminOptions admin = new AdminOptions();

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            defaultValue = "30s",
            converter = Durations.class,
            description = "Gives up after this long, with exit code 1. Default: 30s.")
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private Duration timeout;

    @Override
    public Integer call() throws CommandFailure, InterruptedException {
        AdminClient client = admin.client();
        long deadline = System.nanoTime() + timeout.toNanos();
        while (true) {
            String seen;
            try {
                AdminClient.Answer answer = client.get("/readyz");
                if (answer.status() == 200) {
                    return 0;
                }
                seen = answer.body().trim();
            } catch (CommandFailure e) {
                seen = String.valueOf(e.getMessage());
            }
            if (System.nanoTime() - deadline >= 0) {
                throw new CommandFailure("Not ready after " + Units.format(timeout) + ": " + seen);
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
    }
}
