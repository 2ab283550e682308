package io.ambassador.spi.protocol;

import io.ambassador.spi.Provider;

/** Provides a health probe: {@code health.probe = redis}, with settings in a block of {@code health} named like it. */
public interface ProbeProvider<C extends Record> extends Provider<C> {
    Probe create(C config);
}
