package io.ambassador.auth.postgresql;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A startup message. Texts hold one byte of the wire in each character, whatever the encoding was.
 *
 * @param version the protocol's, such as 196608 for 3.0
 * @param parameters the user's name among them
 * @see <a href="https://www.postgresql.org/docs/current/protocol-message-formats.html">StartupMessage</a>
 */
record Startup(int version, Map<String, String> parameters) {
    static final int MAX_BYTES = 10_000;
    static final int VERSION_3_0 = 3 << 16;
    static final String USER = "user";
    static final String DATABASE = "database";

    Startup {
        parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    }

    /**
     * Reads what follows the length.
     *
     * @return {@code null} if it is malformed
     */
    static @Nullable Startup parse(ByteBuf packet) {
        int version = packet.readInt();
        Map<String, String> parameters = new LinkedHashMap<>();
        while (packet.isReadable()) {
            String name = text(packet);
            if (name == null) {
                return null;
            }
            if (name.isEmpty()) {
                return packet.isReadable() ? null : new Startup(version, parameters);
            }
            String value = text(packet);
            if (value == null) {
                return null;
            }
            parameters.put(name, value);
        }
        return null;
    }

    private static @Nullable String text(ByteBuf packet) {
        int length = packet.bytesBefore((byte) 0);
        if (length < 0) {
            return null;
        }
        String text = packet.readString(length, ISO_8859_1);
        packet.skipBytes(1);
        return text;
    }

    @Nullable String user() {
        return parameters.get(USER);
    }

    /** The same for another user. */
    Startup as(String user) {
        Map<String, String> changed = new LinkedHashMap<>(parameters);
        changed.put(USER, user);
        return new Startup(version, changed);
    }

    ByteBuf encode(ByteBufAllocator allocator) {
        ByteBuf packet = allocator.buffer(256);
        packet.writeInt(0).writeInt(version);
        parameters.forEach((name, value) -> {
            packet.writeCharSequence(name, ISO_8859_1);
            packet.writeByte(0);
            packet.writeCharSequence(value, ISO_8859_1);
            packet.writeByte(0);
        });
        packet.writeByte(0);
        return packet.setInt(0, packet.readableBytes());
    }
}
