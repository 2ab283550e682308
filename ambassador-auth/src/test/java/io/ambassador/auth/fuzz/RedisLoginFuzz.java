package io.ambassador.auth.fuzz;

import io.ambassador.auth.redis.RedisProvider;
import io.ambassador.spi.protocol.Protocol;
import io.ambassador.testkit.TestClient;
import java.util.Map;

/** What a server answers to the login. */
public final class RedisLoginFuzz {
    private static final Protocol REDIS = Fuzzed.protocol(new RedisProvider(), Map.of());

    private RedisLoginFuzz() {}

    public static void fuzzerTestOneInput(byte[] input) {
        Fuzzed.<Void>handshake(input, ready -> REDIS.open(new TestClient(true)).login(ready, new FuzzLogin()));
    }
}
