package io.ambassador.spi.protocol;

import io.ambassador.spi.discovery.Endpoint;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.util.concurrent.Promise;
import org.jspecify.annotations.Nullable;

/**
 * A protocol's part in one client connection, from its opening until the relay takes over. Every call comes on the
 * client's event loop, in this order: {@link #greeting}; {@link #target} and {@link #warmKey}; {@link #login} once for
 * each attempt, or {@link #adopt}; {@link #ready}; {@link #ended}. When something fails, {@link #refusal} comes instead
 * of what is left before {@link #ended}.
 */
public interface Session {
    /**
     * A handler that reads the client's opening and completes {@code greeted}, or {@code null} for a protocol whose
     * backend can be dialled at once. What the handler does not consume is held, and relayed later.
     */
    default @Nullable Handshake<Void> greeting(Promise<Void> greeted) {
        return null;
    }

    /** The one endpoint that can serve this client, as for a request about another connection; {@code null} for any. */
    default @Nullable Endpoint target() {
        return null;
    }

    /**
     * What a backend connection must have been opened with to be of use to this client, compared with {@code equals};
     * {@code null} if none that was logged in beforehand will do.
     */
    default @Nullable Object warmKey() {
        return null;
    }

    /**
     * A handler that logs in at a backend just connected and completes {@code ready}, or {@code null} to relay at
     * once. The caller sees to the deadline.
     */
    default @Nullable Handshake<Void> login(Promise<Void> ready, Login login) {
        return null;
    }

    /**
     * Takes over what {@code warm}, a session of {@link Protocol#openWarm}, has learnt from its login. That session
     * hears nothing more; {@link #ended} of this one lets go what it kept.
     */
    default void adopt(Session warm) {}

    /**
     * The last word before the relay: what is owed to either side is written here. Handlers that stay are added to the
     * client's pipeline with {@code addBefore("relay", …)}: they see every byte from the one on that the greeting left
     * over, also what came while the backend was being logged in at. At the backend's they are added last, and see
     * what the login left over.
     */
    default void ready(Channel client, Channel backend) {}

    /** What a refused client is told before its connection closes; empty to close without a word. */
    default ByteBuf refusal(Refusal refusal, ByteBufAllocator allocator) {
        return allocator.buffer(0, 0);
    }

    /** The connection is over: what is still kept for it is let go. Called once. */
    default void ended() {}
}
