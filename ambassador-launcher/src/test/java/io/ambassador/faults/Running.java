package io.ambassador.faults;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.Ambassador;
import io.ambassador.service.HealthSpec;
import io.ambassador.service.LimitsSpec;
import io.ambassador.service.ServiceStatus;
import io.ambassador.spi.discovery.Endpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;

/** Shorthand for what these tests ask of a running ambassador and of the kernel. */
final class Running {
    /** No probes: only what clients' connections meet decides. */
    static final HealthSpec WITHOUT_PROBES = HealthSpec.DEFAULT.withProbe(null);

    private Running() {}

    static ServiceStatus status(Ambassador ambassador) {
        return ambassador.services().get(0);
    }

    static ServiceStatus.EndpointStatus endpoint(Ambassador ambassador, Endpoint endpoint) {
        return status(ambassador).endpoints().stream()
                .filter(status -> status.endpoint().address().equals(endpoint.address()))
                .findFirst()
                .orElseThrow();
    }

    static boolean isHealthy(Ambassador ambassador, Endpoint endpoint) {
        return endpoint(ambassador, endpoint).health() == ServiceStatus.Health.HEALTHY;
    }

    static Limits limits() {
        return new Limits();
    }

    /** {@link LimitsSpec#DEFAULT} but for what is named. */
    static final class Limits {
        private int maxConnections = LimitsSpec.DEFAULT.maxConnections();
        private Duration connectTimeout = LimitsSpec.DEFAULT.connectTimeout();
        private Duration loginTimeout = LimitsSpec.DEFAULT.loginTimeout();
        private Duration idleTimeout;
        private LimitsSpec.Rate rate;
        private Duration userTimeout = LimitsSpec.DEFAULT.userTimeout();

        Limits maxConnections(int most) {
            maxConnections = most;
            return this;
        }

        Limits connectTimeout(Duration timeout) {
            connectTimeout = timeout;
            return this;
        }

        Limits loginTimeout(Duration timeout) {
            loginTimeout = timeout;
            return this;
        }

        Limits idleTimeout(Duration timeout) {
            idleTimeout = timeout;
            return this;
        }

        Limits rate(String text) {
            rate = LimitsSpec.Rate.parse(text);
            return this;
        }

        Limits userTimeout(Duration timeout) {
            userTimeout = timeout;
            return this;
        }

        LimitsSpec build() {
            return new LimitsSpec(
                    maxConnections,
                    LimitsSpec.DEFAULT.connectAttempts(),
                    connectTimeout,
                    loginTimeout,
                    idleTimeout,
                    rate,
                    LimitsSpec.DEFAULT.retryBudget(),
                    userTimeout);
        }
    }

    /** Runs {@code command} to its end. @throws IllegalStateException with what it printed, unless it exits with 0 */
    static String run(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), UTF_8);
            int exit = process.waitFor();
            if (exit != 0) {
                throw new IllegalStateException(String.join(" ", command) + " exited with " + exit + ": " + said);
            }
            return said;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "Cannot start " + command[0] + ". Run bin/verify, which installs what tests need.", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** For the record, in the test's output. */
    static void report(String format, Object... arguments) {
        System.out.printf("measured: " + format + "%n", arguments);
    }
}
