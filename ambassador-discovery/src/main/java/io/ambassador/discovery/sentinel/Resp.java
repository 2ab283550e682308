package io.ambassador.discovery.sentinel;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.CorruptedFrameException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Replies of RESP2 as plain objects: text as {@link String}, numbers as {@link Long}, arrays as {@link List}, errors as
 * {@link Failure}, and {@link #NIL}.
 *
 * @see <a href="https://redis.io/docs/latest/develop/reference/protocol-spec/">RESP</a>
 */
final class Resp {
    static final Object NIL = new Object();
    static final Object INCOMPLETE = new Object();

    /** @param message as the server put it */
    record Failure(String message) {}

    private static final int MAX_BYTES = 4 << 20;
    private static final int MAX_LINE = 4 << 10;
    private static final int MAX_ELEMENTS = 100_000;
    private static final int MAX_DEPTH = 8;

    private Resp() {}

    /**
     * Takes one whole reply out of {@code in}, or nothing.
     *
     * @return {@link #INCOMPLETE} if more has to come first
     * @throws CorruptedFrameException if it is no RESP, or too much of it
     */
    static Object read(ByteBuf in) {
        int start = in.readerIndex();
        Object reply = value(in, 0);
        if (reply == INCOMPLETE) {
            in.readerIndex(start);
            if (in.readableBytes() > MAX_BYTES) {
                throw new CorruptedFrameException("a reply of more than " + MAX_BYTES + " bytes");
            }
        }
        return reply;
    }

    /** A command as an array of bulk strings; on the heap, so that it can be wiped. */
    static ByteBuf command(byte[]... words) {
        int size = 16;
        for (byte[] word : words) {
            size += word.length + 16;
        }
        ByteBuf command = Unpooled.wrappedBuffer(new byte[size]).clear();
        header(command, '*', words.length);
        for (byte[] word : words) {
            header(command, '$', word.length);
            command.writeBytes(word).writeByte('\r').writeByte('\n');
        }
        return command;
    }

    private static void header(ByteBuf out, char kind, int count) {
        out.writeByte(kind).writeCharSequence(Integer.toString(count), US_ASCII);
        out.writeByte('\r').writeByte('\n');
    }

    private static Object value(ByteBuf in, int depth) {
        String line = line(in);
        if (line == null) {
            return INCOMPLETE;
        }
        String rest = line.isEmpty() ? "" : line.substring(1);
        return switch (line.isEmpty() ? ' ' : line.charAt(0)) {
            case '+' -> rest;
            case '-' -> new Failure(rest);
            case ':' -> number(rest);
            case '$' -> text(in, number(rest));
            case '*' -> array(in, number(rest), depth);
            default -> throw new CorruptedFrameException("no RESP");
        };
    }

    /** Without its end; {@code null} if that has not come yet. */
    private static @Nullable String line(ByteBuf in) {
        int length = in.bytesBefore((byte) '\n');
        if (length > MAX_LINE || length < 0 && in.readableBytes() > MAX_LINE) {
            throw new CorruptedFrameException("a line of more than " + MAX_LINE + " bytes");
        }
        if (length < 0) {
            return null;
        }
        String line = in.readCharSequence(length, UTF_8).toString();
        in.skipBytes(1);
        return line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
    }

    private static long number(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new CorruptedFrameException("no number where RESP has one", e);
        }
    }

    private static Object text(ByteBuf in, long length) {
        if (length < 0) {
            return NIL;
        }
        if (length > MAX_BYTES) {
            throw new CorruptedFrameException("a text of " + length + " bytes");
        }
        if (in.readableBytes() < length + 2) {
            return INCOMPLETE;
        }
        String text = in.readCharSequence((int) length, UTF_8).toString();
        in.skipBytes(2);
        return text;
    }

    private static Object array(ByteBuf in, long count, int depth) {
        if (count < 0) {
            return NIL;
        }
        if (count > MAX_ELEMENTS || depth >= MAX_DEPTH) {
            throw new CorruptedFrameException("an array of " + count + " elements, " + depth + " deep");
        }
        List<Object> elements = new ArrayList<>();
        for (long i = 0; i < count; i++) {
            Object element = value(in, depth + 1);
            if (element == INCOMPLETE) {
                return INCOMPLETE;
            }
            elements.add(element);
        }
        return elements;
    }
}
