package io.ambassador.spi.routing;

import io.ambassador.spi.Provider;

/** Provides a way of routing connections. */
public interface RouterProvider<C extends Record> extends Provider<C> {
    Router create(C config);
}
