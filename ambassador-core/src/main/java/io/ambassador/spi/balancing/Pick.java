package io.ambassador.spi.balancing;

import java.net.SocketAddress;

/** One decision to be made: what is known of the connection, and what has been tried for it. */
public interface Pick {
    /** The client's address, after PROXY protocol; a unix socket's clients share one. */
    SocketAddress client();

    /** Whether an earlier attempt for this connection went to {@code candidate}. */
    boolean tried(Candidate candidate);
}
