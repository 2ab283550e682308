package io.ambassador.auth.postgresql;

import io.ambassador.spi.discovery.Endpoint;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/** What a server said up to {@code ReadyForQuery}, kept for the client. Not thread-safe. */
final class Admission {
    private static final byte[] AUTHENTICATION_OK = {'R', 0, 0, 0, 8, 0, 0, 0, 0};

    private final Endpoint endpoint;
    private final ByteArrayOutputStream beforeOk = new ByteArrayOutputStream(0);
    private final ByteArrayOutputStream afterOk = new ByteArrayOutputStream(512);
    private @Nullable BackendKey key;
    private byte status = 'I';

    Admission(Endpoint endpoint) {
        this.endpoint = endpoint;
    }

    /** The version that the server can do, which it says before it asks for a login. */
    void version(Message negotiated) {
        beforeOk.writeBytes(negotiated.encoded());
    }

    /** A parameter's value, or a notice. */
    void told(Message message) {
        afterOk.writeBytes(message.encoded());
    }

    void key(BackendKey real) {
        key = real;
    }

    /** @param transaction of {@code ReadyForQuery} */
    void ready(byte transaction) {
        status = transaction;
    }

    /** What a cancel request of the client is about; {@code null} if the server gave no key. */
    CancelKeys.@Nullable Target cancelTarget() {
        BackendKey real = key;
        return real == null ? null : new CancelKeys.Target(endpoint, real);
    }

    /** @param given the key that the client gets in place of the server's */
    ByteBuf encode(ByteBufAllocator allocator, @Nullable BackendKey given) {
        ByteBuf out = allocator.buffer(beforeOk.size() + afterOk.size() + 64);
        out.writeBytes(beforeOk.toByteArray()).writeBytes(AUTHENTICATION_OK).writeBytes(afterOk.toByteArray());
        if (given != null) {
            given.writeTo(out);
        }
        return out.writeByte('Z').writeInt(5).writeByte(status);
    }
}
