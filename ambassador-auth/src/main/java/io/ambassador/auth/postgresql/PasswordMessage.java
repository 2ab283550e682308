package io.ambassador.auth.postgresql;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import java.util.Arrays;

/** Writes answers to an authentication request, and wipes every copy it made. */
final class PasswordMessage {
    private PasswordMessage() {}

    /** @param answer wiped here */
    static void write(ChannelHandlerContext ctx, byte[] answer) {
        // Direct, since a transport copies heap buffers; not pooled, and of the exact size, since growing leaves a
        // copy.
        int size = 1 + 4 + answer.length;
        ByteBuf message = UnpooledByteBufAllocator.DEFAULT.directBuffer(size, size);
        message.writeByte('p').writeInt(4 + answer.length).writeBytes(answer);
        Arrays.fill(answer, (byte) 0);
        message.retain(); // outlives the write, to be wiped after it
        ctx.writeAndFlush(message).addListener(written -> {
            message.setZero(0, message.capacity());
            message.release();
        });
    }
}
