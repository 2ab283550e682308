package io.ambassador.spi.protocol;

import io.ambassador.spi.discovery.Endpoint;
import io.ambassador.spi.secret.Secret;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Future;
import java.security.cert.X509Certificate;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** What one login at a backend may use. On the connection's event loop. */
public interface Login {
    /** Whether the service has credentials; without them a protocol relays what the client says for itself. */
    boolean hasSecret();

    /** The user to log in as; {@code null} where only a password is configured. */
    @Nullable String username();

    /**
     * A copy of the secret this login goes by, which the caller closes as soon as its bytes are written.
     *
     * @throws IllegalStateException without {@link #hasSecret}
     */
    Secret secret();

    /** The same for the same secret, so that what is derived from it can be kept; 0 without {@link #hasSecret}. */
    long secretVersion();

    Endpoint endpoint();

    /**
     * Whether a mechanism that reveals the secret may be used: the connection is verified TLS by now or stays on this
     * machine, or the credentials are configured as {@code insecure}.
     */
    boolean confidential();

    /**
     * Whether the service wants TLS which this protocol has yet to negotiate, with {@link #startTls}: a login that
     * ends without it has failed. See {@link Protocol#negotiatesTls}.
     */
    boolean tlsPending();

    /**
     * Starts TLS below {@code ctx} once the backend has agreed to it; the caller makes sure that nothing it has read
     * is left over.
     *
     * @return completed on the event loop when the backend's certificate has been verified
     */
    Future<Void> startTls(ChannelHandlerContext ctx);

    /** The backend's own certificate; {@code null} without TLS. */
    @Nullable X509Certificate serverCertificate();

    /**
     * Runs what takes longer than an event loop can spare, on another thread.
     *
     * @return completed on the event loop of {@code ctx}
     */
    <T> Future<T> compute(ChannelHandlerContext ctx, Callable<T> slow);

    /** The backend has said what it is; one that lost the wanted role is left for another. */
    void serverRole(ServerRole role);
}
