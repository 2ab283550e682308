package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/**
 * Something that a client is told before its connection closes.
 *
 * @param sqlState five characters
 * @see <a href="https://www.postgresql.org/docs/current/protocol-error-fields.html">Error and Notice Message Fields</a>
 */
record ErrorResponse(String sqlState, String message) {
    static final String CANNOT_CONNECT = "08001";
    static final String CONNECTION_REJECTED = "08004";
    static final String PROTOCOL_VIOLATION = "08P01";
    static final String FEATURE_NOT_SUPPORTED = "0A000";
    static final String INVALID_AUTHORIZATION = "28000";
    static final String INVALID_PASSWORD = "28P01";
    static final String INSUFFICIENT_PRIVILEGE = "42501";
    static final String TOO_MANY_CONNECTIONS = "53300";
    static final String CANNOT_CONNECT_NOW = "57P03";

    ByteBuf encode(ByteBufAllocator allocator) {
        ByteBuf packet = allocator.buffer(128);
        packet.writeByte('E').writeInt(0);
        field(packet, 'S', "FATAL");
        field(packet, 'V', "FATAL");
        field(packet, 'C', sqlState);
        field(packet, 'M', "ambassador: " + message);
        packet.writeByte(0);
        return packet.setInt(1, packet.readableBytes() - 1);
    }

    private static void field(ByteBuf packet, char type, String value) {
        packet.writeByte(type);
        packet.writeCharSequence(value.replace('\0', ' ').replace('\r', ' ').replace('\n', ' '), UTF_8);
        packet.writeByte(0);
    }
}
