package io.ambassador.auth.postgresql;

import io.ambassador.spi.protocol.Login;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Promise;
import java.util.function.Function;

/** Hands a server one packet, over TLS where that is wanted, and leaves the rest to the relay. */
final class ServerWords extends ServerHandshake<Void> {
    private final Function<ChannelHandlerContext, ByteBuf> packet;

    ServerWords(Promise<Void> ready, Login login, Function<ChannelHandlerContext, ByteBuf> packet) {
        super(ready, login);
        this.packet = packet;
    }

    @Override
    void connected(ChannelHandlerContext ctx) {
        ctx.writeAndFlush(packet.apply(ctx));
        succeed(ctx, null);
    }

    @Override
    void read(ChannelHandlerContext ctx, ByteBuf in) {
        throw new IllegalStateException("read after the end of the handshake");
    }
}
