package io.ambassador.auth.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.Refusal;
import io.ambassador.spi.protocol.Session;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.concurrent.Promise;
import org.jspecify.annotations.Nullable;

/** A client connection: the backend is dialled at once, since a Redis client need not speak first. */
final class RedisSession implements Session {
    @Override
    public Object warmKey() {
        return RedisProtocol.WARM_KEY;
    }

    @Override
    public @Nullable Handshake<Void> login(Promise<Void> ready, Login login) {
        return login.hasSecret() ? new RedisLoginHandler(ready, login) : null;
    }

    /** An error reply, which every client shows as the answer to its first command. */
    @Override
    public ByteBuf refusal(Refusal refusal, ByteBufAllocator allocator) {
        String text = "ambassador: " + refusal.message() + " (id " + refusal.correlationId() + ")";
        String line = "-ERR " + text.replace('\r', ' ').replace('\n', ' ') + "\r\n";
        byte[] bytes = line.getBytes(UTF_8);
        return allocator.buffer(bytes.length).writeBytes(bytes);
    }
}
