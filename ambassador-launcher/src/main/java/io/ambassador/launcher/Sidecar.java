package io.ambassador.launcher;

import io.ambassador.Ambassador;
import io.ambassador.launcher.config.Configuration;
import io.ambassador.spi.AmbassadorException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One ambassador from start to end of this process. */
final class Sidecar {
    private final Logger log = LoggerFactory.getLogger(Sidecar.class);
    private final Configuration configuration;
    private final boolean adminRequired;
    private final Stop stop;
    private final long began = System.nanoTime();

    /** @param adminRequired whether an admin address that cannot be bound ends it */
    Sidecar(Configuration configuration, boolean adminRequired, boolean exitZeroOnSigterm) {
        this.configuration = configuration;
        this.adminRequired = adminRequired;
        this.stop = new Stop(exitZeroOnSigterm);
    }

    /** Runs until it is told to stop. Returns the exit code. */
    int run() {
        configuration.warnings().forEach(log::warn);
        stop.onSignals();
        try (Ambassador ambassador = configuration.toBuilder().start()) {
            log.info("Started in {} ms.", TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began));
            int code = stop.await();
            log.info("Stopping.");
            ambassador.drain();
            return code;
        } catch (AmbassadorException e) {
            log.error("Cannot start: {}", e.getMessage());
            return Main.EXIT_FAILED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Main.EXIT_FAILED;
        }
    }

    boolean adminRequired() {
        return adminRequired;
    }
}
