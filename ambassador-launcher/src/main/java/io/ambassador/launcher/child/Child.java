package io.ambassador.launcher.child;

import io.ambassador.launcher.systemd.Systemd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A process of ours, with our standard streams and environment. Thread-safe. */
public final class Child {
    /** What a shell says of a command that it cannot find, and of one that it may not run. */
    private static final int NOT_FOUND = 127;

    private static final int NOT_EXECUTABLE = 126;

    private static final Logger LOG = LoggerFactory.getLogger("ambassador.launcher");

    private final String name;
    private final Process process;

    private Child(String name, Process process) {
        this.name = name;
        this.process = process;
    }

    /**
     * @param command program and arguments, without a shell
     * @throws ChildException if it cannot be started, with the exit code that a shell would give
     */
    public static Child start(List<String> command) throws ChildException {
        try {
            ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
            Systemd.hide(builder.environment());
            Process process = builder.start();
            LOG.info("{} runs as process {}.", command.get(0), process.pid());
            return new Child(command.get(0), process);
        } catch (IOException e) {
            Path file = Path.of(command.get(0));
            boolean found = command.get(0).contains("/") && Files.exists(file);
            throw new ChildException(
                    "Cannot run " + command.get(0) + (found ? ": it may not be executed" : ": it is not found"),
                    found ? NOT_EXECUTABLE : NOT_FOUND);
        }
    }

    /** Passes a signal on. @param signal its name without SIG */
    public void signal(String signal) {
        LOG.info("SIG{}: passed on to {}.", signal, name);
        if (signal.equals("TERM")) {
            process.destroy();
            return;
        }
        try {
            // Java itself can send no other.
            new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start();
        } catch (IOException e) {
            LOG.warn("SIG{} cannot be passed on, since there is no program \"kill\" here.", signal);
        }
    }

    /** Waits for its end. Returns its exit code, or 128 and the number of the signal that ended it. */
    public int await() throws InterruptedException {
        int code = process.waitFor();
        LOG.info("{} has exited with {}.", name, code);
        return code;
    }
}
