package io.ambassador.spi.routing;

import org.jspecify.annotations.Nullable;

/** Says which service a connection is for. Called on event loops: no lock, no blocking, no look-up elsewhere. */
public interface Router {
    /** The service, or {@code null} if no rule fits and the connection is to be closed. */
    @Nullable Route route(RouteRequest request);
}
