package io.ambassador.launcher;

import io.ambassador.launcher.demo.Demo;
import io.ambassador.launcher.logging.Logging;
import io.ambassador.spi.AmbassadorException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "demo",
        description = "Shows an ambassador at work, with backends of its own, all in one process.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
final class DemoCommand implements Callable<Integer> {
    private static final int INTERRUPTED = 130;

    @Option(
            names = "--once",
            description = "Check each promise once, print what was seen, and exit with 0 if all were kept, else 1.")
    private boolean once;

    @Override
    public Integer call() throws Exception {
        Logging.configure("error", Logging.Format.TEXT); // what goes on is printed; warnings are part of the show
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        Stop stop = new Stop(false);
        stop.onSignals();
        try (Demo demo = Demo.start(out, !once, () -> stop.request("shutdown", 0))) {
            if (once) {
                demo.tour().thenAccept(code -> stop.request("the end of the tour", code));
            } else {
                demo.show();
            }
            int code = stop.await();
            return code == INTERRUPTED && !once ? 0 : code; // Ctrl-C is how the show ends
        } catch (AmbassadorException | IOException e) {
            throw new CommandFailure("The demo cannot start: " + e.getMessage());
        }
    }
}
