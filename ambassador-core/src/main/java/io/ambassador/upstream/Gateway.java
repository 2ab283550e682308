package io.ambassador.upstream;

import io.ambassador.service.Service;
import io.ambassador.transport.ListenerTls;
import org.jspecify.annotations.Nullable;

/**
 * What the clients of one service are served with.
 *
 * @param connector the way to its endpoints
 * @param tls towards its clients; {@code null} for plain text
 * @param warm connections that are logged in already; {@code null} if none are kept
 */
public record Gateway(
        Service service,
        Connector connector,
        @Nullable ListenerTls tls,
        @Nullable WarmPool warm) {
    /** Whether clients begin with TLS, before a word of the protocol. */
    boolean encryptsAtOnce() {
        return tls != null && !service.protocol().negotiatesTls();
    }
}
