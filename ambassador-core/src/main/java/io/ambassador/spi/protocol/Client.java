package io.ambassador.spi.protocol;

import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** What a session may know and use of its client. On the client's event loop. */
public interface Client {
    /** Whether the ambassador logs in for this client; without credentials the client's own go through untouched. */
    boolean isLoggedInFor();

    /** Whether the service offers TLS to its clients, which this protocol is to start when the client asks for it. */
    boolean offersTls();

    /** Whether the client must use TLS: the service offers it and wants nothing else. */
    boolean requiresTls();

    /**
     * Starts TLS below {@code ctx}, as the server; the caller makes sure that nothing it has read is left over.
     *
     * @return completed on the event loop
     */
    Future<Void> startTls(ChannelHandlerContext ctx);

    /** Whether the client must show credentials of its own before it is served. */
    boolean mustShowCredentials();

    /**
     * Judges credentials that the client showed, in time that does not depend on where they differ.
     *
     * @param password wiped by the caller
     */
    boolean accepts(@Nullable String username, byte[] password);
}
