package io.ambassador.auth.fuzz;

import io.ambassador.auth.redis.RedisProbeConfig;
import io.ambassador.auth.redis.RedisProbeProvider;
import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.protocol.Probe;
import io.ambassador.spi.protocol.ProbeResult;

/** What a server answers to the probe. */
public final class RedisProbeFuzz {
    private static final Probe PROBE = new RedisProbeProvider().create(new RedisProbeConfig());

    private RedisProbeFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        Fuzzed.<ProbeResult>handshake(
                input, result -> PROBE.handler(result, Endpoint.of("127.0.0.1", 1), new FuzzLogin()));
    }
}
