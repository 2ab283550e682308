package io.ambassador.launcher.demo;

import io.ambassador.spi.AmbassadorException;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The demonstration, from start to end; needs nothing but this process. */
public final class Demo implements AutoCloseable {
    private final Stage stage;
    private final PrintStream out;
    private @Nullable Show show;

    private Demo(Stage stage, PrintStream out) {
        this.stage = stage;
        this.out = out;
    }

    /**
     * Starts the backends and the ambassador in front of them, and waits until it has found them.
     *
     * @param wellKnownPorts 6379, 8080 and 9901 where these are free; else any that are
     * @param shutdown told to end by the admin address
     * @throws IOException if a backend cannot be started; everything is then released
     * @throws AmbassadorException if the ambassador cannot; likewise
     */
    public static Demo start(PrintStream out, boolean wellKnownPorts, Runnable shutdown)
            throws IOException, AmbassadorException, InterruptedException {
        return new Demo(new Stage(Backends.create(), wellKnownPorts, shutdown), out);
    }

    /** Checks each promise once and prints what it saw, in 20 s at most. Completes with the exit code. */
    public CompletionStage<Integer> tour() {
        return Tour.of(stage, out).start();
    }

    /** Prints what to try, then serves clients and stirs the backends until {@link #close}. */
    public void show() {
        out.printf(
                """
                An ambassador in front of two Redis-speaking servers, which ask for a password, and three of HTTP.
                Try, in another terminal, without a password:

                  redis-cli -p %d          found by %s
                  curl http://%s/   three backends take turns
                  dig @127.0.0.1 -p %d SRV %s
                  http://%s/        the dashboard

                The password is in %s. Ctrl-C ends everything.

                """,
                stage.redis().getPort(),
                "srv://" + Zone.SERVICE,
                text(stage.http()),
                stage.backends().dns().address().getPort(),
                Zone.SERVICE,
                stage.admin().toString(),
                stage.backends().file().path());
        show = new Show(stage, out);
        show.start();
    }

    /** Releases every port, thread and file. */
    @Override
    public void close() throws InterruptedException {
        try {
            if (show != null) {
                show.close();
            }
        } finally {
            stage.close();
        }
    }

    private static String text(InetSocketAddress address) {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }
}
