package io.ambassador.auth.fuzz;

import static io.ambassador.auth.fuzz.Fuzzed.require;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What was written to a peer that speaks PostgreSQL, read by a reader that has nothing in common with the one tested. */
final class PgBytes {
    private PgBytes() {}

    /** All that {@code channel} has sent so far. */
    static byte[] sent(EmbeddedChannel channel) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (ByteBuf said = channel.readOutbound(); said != null; said = channel.readOutbound()) {
            all.writeBytes(ByteBufUtil.getBytes(said));
            said.release();
        }
        return all.toByteArray();
    }

    static byte[] startup(String... namesAndValues) {
        ByteBuffer packet = ByteBuffer.allocate(1024).putInt(0).putInt(3 << 16);
        for (String text : namesAndValues) {
            packet.put(text.getBytes(ISO_8859_1)).put((byte) 0);
        }
        packet.put((byte) 0);
        return Arrays.copyOf(packet.putInt(0, packet.position()).array(), packet.position());
    }

    /** Names and values of a startup, which must be the whole of {@code packet}. */
    static List<String> parameters(byte[] packet) {
        require(ByteBuffer.wrap(packet).getInt() == packet.length, "a startup of another length than it says");
        List<String> texts = new ArrayList<>();
        int from = 8;
        for (int at = 8; at < packet.length; at++) {
            if (packet[at] == 0) {
                texts.add(new String(packet, from, at - from, ISO_8859_1));
                from = at + 1;
            }
        }
        require(from == packet.length, "a startup without an end");
        require(texts.remove(texts.size() - 1).isEmpty(), "a startup without an empty name in the end");
        require(texts.size() % 2 == 0, "a parameter without a value");
        return texts;
    }

    /** The types of the messages that {@code bytes} consist of. */
    static String types(byte[] bytes) {
        StringBuilder types = new StringBuilder();
        for (int at = 0; at < bytes.length; ) {
            require(bytes.length - at >= 5, "half a message");
            types.append((char) bytes[at]);
            int length = ByteBuffer.wrap(bytes, at + 1, 4).getInt();
            require(length >= 4 && length <= bytes.length - at - 1, "a message of length " + length);
            at += 1 + length;
        }
        return types.toString();
    }
}
