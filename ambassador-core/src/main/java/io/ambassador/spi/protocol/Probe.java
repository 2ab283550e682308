package io.ambassador.spi.protocol;

import io.ambassador.spi.discovery.Endpoint;
import io.netty.util.concurrent.Promise;
import org.jspecify.annotations.Nullable;

/** Asks an endpoint whether it can serve. Thread-safe. */
public interface Probe {
    /**
     * A handler for a connection just opened (and encrypted, where the service's are) that asks once and completes
     * {@code result}; {@code null} if being connected is answer enough. The caller sees to deadline and close.
     *
     * @param login {@code null} where the service has no credentials
     */
    @Nullable Handshake<ProbeResult> handler(Promise<ProbeResult> result, Endpoint endpoint, @Nullable Login login);
}
