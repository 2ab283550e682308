package io.ambassador.auth.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.ambassador.spi.protocol.Client;
import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.Refusal;
import io.ambassador.spi.protocol.Session;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.util.concurrent.Promise;
import org.jspecify.annotations.Nullable;

/** A client connection: the backend is dialled at once, since a Redis client need not speak first. */
final class RedisSession implements Session {
    /** The one kind of connection that can be logged in beforehand. */
    static final Object WARM = "redis";

    private final @Nullable Client client;
    private final boolean guard;
    private @Nullable Login login;

    /** @param client {@code null} to log in beforehand */
    RedisSession(@Nullable Client client, boolean guard) {
        this.client = client;
        this.guard = guard;
    }

    @Override
    public @Nullable Handshake<Void> login(Promise<Void> ready, Login attempt) {
        if (!attempt.hasSecret()) {
            return null;
        }
        login = attempt;
        return new RedisLoginHandler(ready, attempt);
    }

    /** What is logged in says nothing of the client: any connection will do. */
    @Override
    public @Nullable Object warmKey() {
        return client != null && client.isLoggedInFor() ? WARM : null;
    }

    @Override
    public void adopt(Session warm) {
        login = ((RedisSession) warm).login;
    }

    /** Nobody is logged in for a client without this, and what it says for itself is no concern of ours. */
    @Override
    public void ready(Channel clientChannel, Channel backend) {
        if (client != null && login != null) {
            backend.pipeline().addLast("client-commands", new CommandFilter(client, clientChannel, login, guard));
        }
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
