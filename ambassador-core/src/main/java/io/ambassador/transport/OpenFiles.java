package io.ambassador.transport;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How many files and sockets this process may have open. */
public final class OpenFiles {
    private static final Logger LOG = LoggerFactory.getLogger("ambassador.transport");
    private static final int UNKNOWN = 1 << 20;
    private static final int LIMIT = limit(Path.of("/proc/self/limits"));

    private OpenFiles() {}

    /** The soft limit at the start; a large number where it cannot be told. */
    public static int limit() {
        return LIMIT;
    }

    static int limit(Path limits) {
        try {
            for (String line : Files.readAllLines(limits)) {
                if (line.startsWith("Max open files")) {
                    String soft =
                            line.substring("Max open files".length()).trim().split("\\s+")[0];
                    return soft.equals("unlimited") ? Integer.MAX_VALUE : (int) Math.min(Long.parseLong(soft), 1 << 30);
                }
            }
        } catch (IOException | NumberFormatException e) {
            LOG.debug("The limit of open files cannot be read from {}.", limits, e);
        }
        return UNKNOWN;
    }
}
