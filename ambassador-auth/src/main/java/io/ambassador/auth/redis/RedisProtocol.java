package io.ambassador.auth.redis;

import io.ambassador.spi.protocol.Client;
import io.ambassador.spi.protocol.Protocol;
import io.ambassador.spi.protocol.Session;

/** Redis as one service speaks it. */
record RedisProtocol(boolean guard) implements Protocol {
    @Override
    public Session open(Client client) {
        return new RedisSession(client, guard);
    }

    @Override
    public Session openWarm(Object key) {
        if (!key.equals(RedisSession.WARM)) {
            throw new IllegalArgumentException("key: " + key + " (expected: " + RedisSession.WARM + ")");
        }
        return new RedisSession(null, guard);
    }

    @Override
    public Object commonWarmKey() {
        return RedisSession.WARM;
    }
}
