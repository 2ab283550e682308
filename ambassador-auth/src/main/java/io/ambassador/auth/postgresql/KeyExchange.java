package io.ambassador.auth.postgresql;

import io.ambassador.spi.discovery.Endpoint;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;
import java.util.function.Function;

/**
 * Where clients log in for themselves: lets the server's messages through, puts a key of ours in the place of its cancel
 * key, and leaves once the server is ready or says what it does not understand.
 */
final class KeyExchange extends ByteToMessageDecoder {
    private static final int HEAD = 5;
    private static final int MAX_KEY = 2 * Integer.BYTES + 256;

    private final Endpoint endpoint;
    private final Function<CancelKeys.Session, CancelKeys.Key> mint;
    /** Bytes of a message under way that still have to be let through. */
    private long passing;

    KeyExchange(Endpoint endpoint, Function<CancelKeys.Session, CancelKeys.Key> mint) {
        this.endpoint = endpoint;
        this.mint = mint;
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (passing == 0) {
            if (in.readableBytes() < HEAD) {
                return;
            }
            byte type = in.getByte(in.readerIndex());
            int length = in.getInt(in.readerIndex() + 1);
            if (type == 'K' && length >= 3 * Integer.BYTES && length <= MAX_KEY) {
                key(ctx, in, length, out);
                return;
            }
            if (type == 'Z' || length < Integer.BYTES) {
                ctx.pipeline().remove(this); // what is left follows
                return;
            }
            passing = 1L + length;
        }
        int now = (int) Math.min(passing, in.readableBytes());
        passing -= now;
        out.add(in.readRetainedSlice(now));
    }

    private void key(ChannelHandlerContext ctx, ByteBuf in, int length, List<Object> out) {
        if (in.readableBytes() <= length) {
            return;
        }
        in.skipBytes(HEAD);
        int pid = in.readInt();
        byte[] secret = new byte[length - 2 * Integer.BYTES];
        in.readBytes(secret);
        CancelKeys.Key key = mint.apply(new CancelKeys.Session(endpoint, new CancelKeys.Key(pid, secret)));
        out.add(Messages.message(
                ctx.alloc(), 'K', body -> body.writeInt(key.pid()).writeBytes(key.secret())));
    }
}
