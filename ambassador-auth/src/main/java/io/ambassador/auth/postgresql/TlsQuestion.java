package io.ambassador.auth.postgresql;

import io.ambassador.spi.protocol.Handshake;
import io.ambassador.spi.protocol.LoginException;
import io.ambassador.spi.protocol.ProbeResult;
import io.ambassador.spi.protocol.ServerRole;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Promise;
import java.util.List;

/** Asks whether the server offers TLS, which it answers to anybody: it is up. */
final class TlsQuestion extends Handshake<ProbeResult> {
    TlsQuestion(Promise<ProbeResult> result) {
        super(result);
    }

    @Override
    protected void begin(ChannelHandlerContext ctx) {
        ServerHandshake.requestTls(ctx);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws LoginException {
        byte answer = in.readByte();
        if (answer != 'S' && answer != 'N' || in.isReadable()) {
            throw new LoginException(
                    LoginException.Kind.PROTOCOL, "The server answered the request for TLS with neither S nor N.");
        }
        succeed(ctx, ProbeResult.healthy(ServerRole.UNKNOWN, "up; not logged in, so its role is unknown"));
    }
}
