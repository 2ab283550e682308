package io.ambassador.auth.redis;

import io.ambassador.spi.Settings;
import io.ambassador.spi.protocol.Protocol;
import io.ambassador.spi.protocol.ProtocolProvider;

/** Provides {@code protocol = redis}. */
public final class RedisProvider implements ProtocolProvider<RedisConfig> {
    @Override
    public String type() {
        return "redis";
    }

    @Override
    public RedisConfig parse(Settings settings) {
        return new RedisConfig(settings.bool("guard", false));
    }

    @Override
    public Protocol create(RedisConfig config) {
        return new RedisProtocol(config.guard());
    }

    @Override
    public boolean injectsCredentials() {
        return true;
    }
}
