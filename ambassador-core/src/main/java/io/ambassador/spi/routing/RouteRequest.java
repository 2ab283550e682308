package io.ambassador.spi.routing;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a connection before a service is chosen.
 *
 * @param client where it comes from, after PROXY protocol
 * @param local where it arrived; for an intercepted connection, where it was going
 * @param serverName the TLS server name, where a ClientHello was read
 */
public record RouteRequest(
        SocketAddress client, SocketAddress local, @Nullable String serverName) {}
