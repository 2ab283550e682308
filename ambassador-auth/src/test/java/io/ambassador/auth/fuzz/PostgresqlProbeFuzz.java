package io.ambassador.auth.fuzz;

import io.ambassador.auth.postgresql.PostgresqlProbeProvider;
import io.ambassador.spi.Settings;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.Probe;
import io.ambassador.spi.protocol.ProbeResult;
import java.util.Map;

/** What a server answers to the probe, with a login where the second byte of the input is odd, else without. */
public final class PostgresqlProbeFuzz {
    private static final PostgresqlProbeProvider PROVIDER = new PostgresqlProbeProvider();
    private static final Probe PROBE = PROVIDER.create(PROVIDER.parse(Settings.of("fuzz", Map.of())));

    private PostgresqlProbeFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        boolean logsIn = input.length > 1 && (input[1] & 1) != 0;
        Fuzzed.<ProbeResult>handshake(
                input,
                2,
                result -> PROBE.handler(result, Endpoint.of("127.0.0.1", 1), logsIn ? new FuzzLogin() : null));
    }
}
