package io.ambassador.auth.secret;

import java.time.Duration;
import java.util.List;

/**
 * A password that a program prints.
 *
 * @param argv the program and its arguments, not interpreted by a shell; arguments are not rendered
 * @param timeout after which the program is killed
 * @param refresh how often to run it
 */
public record CommandSecretConfig(List<String> argv, Duration timeout, Duration refresh) {
    public CommandSecretConfig {
        argv = List.copyOf(argv);
    }

    @Override
    public String toString() {
        return "CommandSecretConfig[program=" + (argv.isEmpty() ? "" : argv.get(0)) + ", timeout=" + timeout
                + ", refresh=" + refresh + "]";
    }
}
