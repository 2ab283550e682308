package io.ambassador.auth.postgresql;

import io.ambassador.spi.protocol.Login;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Promise;
import java.util.function.Function;

/** Sends one packet to a server and leaves the rest to the relay. */
final class FirstPacket extends TlsFirst<Void> {
    private final Function<ByteBufAllocator, ByteBuf> packet;

    FirstPacket(Promise<Void> ready, Login login, Function<ByteBufAllocator, ByteBuf> packet) {
        super(ready, login);
        this.packet = packet;
    }

    @Override
    void open(ChannelHandlerContext ctx) {
        ctx.writeAndFlush(packet.apply(ctx.alloc()));
        succeed(ctx, null);
    }

    @Override
    void receive(ChannelHandlerContext ctx, ByteBuf in) {
        // not reached: it is out of the pipeline by then
    }
}
