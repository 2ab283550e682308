package io.ambassador.auth.postgresql;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/** Names a server process and holds the right to cancel what it does; an entity, not a value. */
final class BackendKey {
    static final int MIN_SECRET = 4;
    static final int MAX_SECRET = 256;
    static final int CANCEL_REQUEST = 80_877_102;

    private final int pid;
    private final byte[] secret;

    /** @param secret of 4 to 256 bytes, not to be changed */
    BackendKey(int pid, byte[] secret) {
        this.pid = pid;
        this.secret = secret;
    }

    int pid() {
        return pid;
    }

    byte[] secret() {
        return secret;
    }

    /** As {@code BackendKeyData}. */
    void writeTo(ByteBuf out) {
        out.writeByte('K').writeInt(4 + 4 + secret.length).writeInt(pid).writeBytes(secret);
    }

    ByteBuf cancelRequest(ByteBufAllocator allocator) {
        int length = 4 + 4 + 4 + secret.length;
        return allocator
                .buffer(length)
                .writeInt(length)
                .writeInt(CANCEL_REQUEST)
                .writeInt(pid)
                .writeBytes(secret);
    }
}
