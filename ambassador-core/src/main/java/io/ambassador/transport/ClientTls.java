package io.ambassador.transport;

import io.ambassador.spi.discovery.Endpoint;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslHandler;

/** TLS towards the endpoints of one service. Thread-safe. */
public interface ClientTls {
    /** For a new connection to {@code endpoint}, with the newest certificates and keys. */
    SslHandler newHandler(ByteBufAllocator allocator, Endpoint endpoint);

    /** What went wrong in a handshake, for people: which check failed. */
    String explain(Throwable failure);
}
