package io.ambassador.auth.postgresql;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/** What a client wants. */
sealed interface Opening {
    /** To be logged in for; the startup is as the backend gets it, but for the user. */
    record Admitted(Startup startup) implements Opening {}

    /** To log in by itself, with the packet it sent. */
    final class Untouched implements Opening {
        private final byte[] packet;

        Untouched(byte[] packet) {
            this.packet = packet;
        }

        ByteBuf encode(ByteBufAllocator allocator) {
            return allocator.buffer(packet.length).writeBytes(packet);
        }
    }

    /**
     * To cancel what another connection does.
     *
     * @param target {@code null} if no connection has that key
     */
    record Cancel(CancelKeys.@Nullable Target target) implements Opening {}

    /** Something it will not get. */
    record Refused(ErrorResponse error) implements Opening {}
}
