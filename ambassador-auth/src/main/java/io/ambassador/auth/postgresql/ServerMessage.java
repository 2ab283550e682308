package io.ambassador.auth.postgresql;

import io.ambassador.spi.protocol.LoginException;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * One message of a server.
 *
 * @param whole the message with its type and length; a view, good until its source is read on
 */
record ServerMessage(char type, ByteBuf whole) {
    /** No message of a login is longer. */
    private static final int MAX = 64 * 1024;

    private static final int HEAD = 5;

    /** Takes the next message from {@code in}; {@code null} until it is there as a whole. */
    static @Nullable ServerMessage next(ByteBuf in) throws LoginException {
        if (in.readableBytes() < HEAD) {
            return null;
        }
        int length = in.getInt(in.readerIndex() + 1);
        if (length < HEAD - 1 || length > MAX) {
            throw new LoginException(
                    LoginException.Kind.PROTOCOL,
                    "The server sent a message of " + length + " bytes; this is not PostgreSQL, or it asks for TLS.");
        }
        return in.readableBytes() <= length
                ? null
                : new ServerMessage((char) in.getByte(in.readerIndex()), in.readSlice(length + 1));
    }

    /** Without type and length. */
    ByteBuf body() {
        return whole.slice(HEAD, whole.readableBytes() - HEAD);
    }
}
