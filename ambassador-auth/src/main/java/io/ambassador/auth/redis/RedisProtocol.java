package io.ambassador.auth.redis;

import io.ambassador.spi.protocol.Client;
import io.ambassador.spi.protocol.Protocol;
import io.ambassador.spi.protocol.Session;

/** Redis for one service. A connection that has just been logged in suits any client. */
final class RedisProtocol implements Protocol {
    static final Object WARM_KEY = "redis";

    @Override
    public Session open(Client client) {
        return new RedisSession();
    }

    @Override
    public Session openWarm(Object key) {
        return new RedisSession();
    }

    @Override
    public Object commonWarmKey() {
        return WARM_KEY;
    }
}
