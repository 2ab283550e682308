package io.ambassador.spi.protocol;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.util.concurrent.Promise;
import org.jspecify.annotations.Nullable;

/**
 * A protocol's part in one client connection, from its opening until the relay takes over. Every call comes on the
 * client's event loop, in this order: {@link #greeting}, {@link #login} once for each attempt, {@link #ready};
 * {@link #refusal} instead of what is left, when something fails.
 */
public interface Session {
    /**
     * A handler that reads the client's opening and completes {@code greeted}, or {@code null} for a protocol whose
     * backend can be dialled at once. What the handler does not consume is held, and relayed later.
     */
    default @Nullable Handshake<Void> greeting(Promise<Void> greeted) {
        return null;
    }

    /**
     * A handler that logs in at a backend just connected and completes {@code ready}, or {@code null} to relay at
     * once. The caller sees to the deadline.
     */
    default @Nullable Handshake<Void> login(Promise<Void> ready, Login login) {
        return null;
    }

    /** The last word before the relay: what is owed to either side is written here, handlers that stay are added. */
    default void ready(Channel client, Channel backend) {}

    /** What a refused client is told before its connection closes; empty to close without a word. */
    default ByteBuf refusal(Refusal refusal, ByteBufAllocator allocator) {
        return allocator.buffer(0, 0);
    }
}
