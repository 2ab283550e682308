package io.ambassador.auth.postgresql;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a client is told when it is in.
 *
 * @param negotiation the server's word on protocol versions, which comes first
 * @param beforeKey messages up to the cancel key
 * @param key the client's own; {@code null} if the server gave none
 * @param afterKey messages from there on, the last of them {@code ReadyForQuery}
 */
record Welcome(byte @Nullable [] negotiation, byte[] beforeKey, CancelKeys.@Nullable Key key, byte[] afterKey) {
    private static final int AUTHENTICATION_OK = 0;

    /** @param left the startup parameters that the server did not get to see */
    ByteBuf encode(ByteBufAllocator allocator, List<String> left) {
        ByteBuf message = allocator.buffer();
        if (negotiation != null) {
            message.writeBytes(negotiation);
        }
        message.writeByte('R').writeInt(2 * Integer.BYTES).writeInt(AUTHENTICATION_OK);
        if (!left.isEmpty()) {
            ByteBuf warning = Messages.warning(
                    allocator,
                    "ambassador: not passed on to the server: " + String.join(", ", left)
                            + ". Allow them with postgresql.startup-parameters");
            message.writeBytes(warning);
            warning.release();
        }
        message.writeBytes(beforeKey);
        if (key != null) {
            message.writeByte('K').writeInt(2 * Integer.BYTES + key.secret().length);
            message.writeInt(key.pid()).writeBytes(key.secret());
        }
        return message.writeBytes(afterKey);
    }
}
