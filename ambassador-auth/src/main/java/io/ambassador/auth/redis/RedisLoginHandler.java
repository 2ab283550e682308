package io.ambassador.auth.redis;

import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.Login;
import io.ambassador.spi.protocol.LoginException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Promise;
import java.util.List;

/** Logs one backend connection in with {@code AUTH}, waits for {@code +OK}, then leaves the pipeline. */
final class RedisLoginHandler extends Handshake<Void> {
    private final Login login;
    private final ReplyScanner replies = new ReplyScanner();

    RedisLoginHandler(Promise<Void> ready, Login login) {
        super(ready);
        this.login = login;
    }

    @Override
    protected void begin(ChannelHandlerContext ctx) throws LoginException {
        AuthCommand.write(ctx, login);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws LoginException {
        Reply reply = replies.next(in);
        if (reply != null) {
            AuthReply.require(reply);
            succeed(ctx, null);
        }
    }
}
