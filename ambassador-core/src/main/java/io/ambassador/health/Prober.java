package io.ambassador.health;

import io.ambassador.service.PooledEndpoint;
import io.ambassador.spi.protocol.ProbeResult;
import java.util.function.Consumer;

/** Asks one endpoint once. */
public interface Prober {
    /** Does not block; {@code result} is called exactly once, on any thread, at the probe's deadline at the latest. */
    void probe(PooledEndpoint endpoint, Consumer<ProbeResult> result);
}
