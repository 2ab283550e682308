package io.ambassador.spi.registry;

import io.ambassador.spi.Provider;
import java.util.concurrent.ScheduledExecutorService;

/** Provides a registry to publish to. */
public interface RegistryProvider<C extends Record> extends Provider<C> {
    /** @param scheduler the control thread: must not be blocked */
    Registry create(C config, ScheduledExecutorService scheduler);
}
