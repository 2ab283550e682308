package io.ambassador.discovery.zookeeper;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;

/** ZooKeeper's wire form of text, bytes and lists: a length of four bytes, -1 for none, and what it is the length of. */
final class Jute {
    private Jute() {}

    static void writeText(ByteBuf out, String text) {
        writeBytes(out, text.getBytes(UTF_8));
    }

    static void writeBytes(ByteBuf out, byte[] bytes) {
        out.writeInt(bytes.length).writeBytes(bytes);
    }

    /** @throws IllegalArgumentException if the length is not one */
    static byte[] readBytes(ByteBuf in) {
        int length = in.readInt();
        if (length < -1 || length > in.readableBytes()) {
            throw new IllegalArgumentException("a length of " + length + " with " + in.readableBytes() + " bytes left");
        }
        byte[] bytes = new byte[Math.max(0, length)];
        in.readBytes(bytes);
        return bytes;
    }

    static String readText(ByteBuf in) {
        return new String(readBytes(in), UTF_8);
    }

    static List<String> readTexts(ByteBuf in) {
        int count = in.readInt();
        if (count < -1 || count > in.readableBytes() / Integer.BYTES) {
            throw new IllegalArgumentException("a list of " + count + " with " + in.readableBytes() + " bytes left");
        }
        List<String> texts = new ArrayList<>(Math.max(0, count));
        for (int i = 0; i < count; i++) {
            texts.add(readText(in));
        }
        return texts;
    }
}
