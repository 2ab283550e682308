package io.ambassador.auth.postgresql;

import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.protocol.ProbeResult;
import io.ambassador.spi.protocol.ServerRole;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Promise;
import java.util.List;

/** Asks a server whether it does TLS, which it answers without a login: that much of it is up. */
final class SignOfLife extends Handshake<ProbeResult> {
    SignOfLife(Promise<ProbeResult> result) {
        super(result);
    }

    @Override
    protected void begin(ChannelHandlerContext ctx) {
        ctx.writeAndFlush(TlsFirst.sslRequest(ctx));
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws LoginException {
        if (!in.isReadable()) {
            return;
        }
        byte answer = in.readByte();
        if (in.isReadable() || answer != 'S' && answer != 'N') {
            throw MessageReader.broken("answered the request for TLS as no PostgreSQL does.");
        }
        succeed(ctx, ProbeResult.healthy(ServerRole.UNKNOWN, "up; not logged in to, so its role is unknown"));
    }
}
