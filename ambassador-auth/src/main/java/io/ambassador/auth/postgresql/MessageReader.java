package io.ambassador.auth.postgresql;

import io.ambassador.spi.protocol.LoginException;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** Cuts a server's messages from a stream, 64 KiB in all. Not thread-safe. */
final class MessageReader {
    static final int MAX_BYTES = 64 * 1024;
    private static final int HEAD = 5;
    /** All that can come from startup to the answer of a simple query. */
    private static final String TYPES = "RESNKvZTDC";

    private int taken;

    /**
     * The next message, taken from {@code in}; {@code null} until it is whole, and then nothing is taken.
     *
     * @throws LoginException if this is not PostgreSQL, or too much of it
     */
    @Nullable Message next(ByteBuf in) throws LoginException {
        if (!in.isReadable()) {
            return null;
        }
        char type = (char) in.getUnsignedByte(in.readerIndex());
        if (TYPES.indexOf(type) < 0) {
            throw broken(notPostgresql(type));
        }
        if (in.readableBytes() < HEAD) {
            return null;
        }
        long length = in.getUnsignedInt(in.readerIndex() + 1);
        if (length < 4) {
            throw broken("sent a message of length " + length + ".");
        }
        if (length + 1 > MAX_BYTES - taken) {
            throw broken("sent more than " + MAX_BYTES + " bytes in the login.");
        }
        if (in.readableBytes() < length + 1) {
            return null;
        }
        taken += (int) length + 1;
        byte[] body = new byte[(int) length - 4];
        in.skipBytes(HEAD).readBytes(body);
        return new Message(type, body);
    }

    private static String notPostgresql(char type) {
        String hint = switch (type) {
            case 0x15, 0x16 ->
                " This looks like TLS from the first byte on, which PostgreSQL servers begin when asked.";
            case 'H' -> " This looks like HTTP: check the address.";
            default -> "";
        };
        return String.format("did not answer as PostgreSQL does (first byte 0x%02x).%s", (int) type, hint);
    }

    static LoginException broken(String what) {
        return new LoginException(LoginException.Kind.PROTOCOL, "The server " + what);
    }
}
