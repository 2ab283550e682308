package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.ambassador.spi.protocol.LoginException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a client opens its session with.
 *
 * @param version major in the upper half, minor in the lower
 * @param parameters in their order; texts hold one byte a character, whatever the client's encoding is
 * @see <a href="https://www.postgresql.org/docs/current/protocol-message-formats.html">StartupMessage</a>
 */
record StartupPacket(int version, Map<String, String> parameters) {
    static final int MAJOR = 3;

    StartupPacket {
        parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    }

    /** @param body what follows length and version */
    static StartupPacket parse(int version, ByteBuf body) throws LoginException {
        Map<String, String> parameters = new LinkedHashMap<>();
        while (true) {
            String name = text(body);
            if (name.isEmpty()) {
                break;
            }
            parameters.put(name, text(body));
        }
        if (body.isReadable()) {
            throw new LoginException(LoginException.Kind.PROTOCOL, "the startup packet goes on after its end");
        }
        return new StartupPacket(version, parameters);
    }

    private static String text(ByteBuf body) throws LoginException {
        int length = body.bytesBefore((byte) 0);
        if (length < 0) {
            throw new LoginException(LoginException.Kind.PROTOCOL, "a text in the startup packet has no end");
        }
        String text = body.toString(body.readerIndex(), length, ISO_8859_1);
        body.skipBytes(length + 1);
        return text;
    }

    ByteBuf encode(ByteBufAllocator allocator) {
        ByteBuf packet = allocator.buffer();
        packet.writeInt(0).writeInt(version);
        parameters.forEach((name, value) -> {
            packet.writeBytes(name.getBytes(ISO_8859_1)).writeByte(0);
            packet.writeBytes(value.getBytes(ISO_8859_1)).writeByte(0);
        });
        packet.writeByte(0);
        return packet.setInt(0, packet.readableBytes());
    }
}
