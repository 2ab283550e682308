package io.ambassador.auth.redis;

import io.ambassador.spi.Settings;
import io.ambassador.spi.protocol.Probe;
import io.ambassador.spi.protocol.ProbeProvider;

/** Provides {@code health.probe = redis}. */
public final class RedisProbeProvider implements ProbeProvider<RedisProbeConfig> {
    @Override
    public String type() {
        return "redis";
    }

    @Override
    public RedisProbeConfig parse(Settings settings) {
        return new RedisProbeConfig();
    }

    @Override
    public Probe create(RedisProbeConfig config) {
        return (result, endpoint, login) -> new RedisProbeHandler(result, login);
    }
}
