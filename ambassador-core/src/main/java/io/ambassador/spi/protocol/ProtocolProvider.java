package io.ambassador.spi.protocol;

import io.ambassador.spi.Provider;

/** Provides a protocol: {@code protocol = redis}, with settings in a block named like it. */
public interface ProtocolProvider<C extends Record> extends Provider<C> {
    Protocol create(C config);

    /** Whether this protocol can log in, so that {@code credentials} make sense. */
    boolean injectsCredentials();
}
