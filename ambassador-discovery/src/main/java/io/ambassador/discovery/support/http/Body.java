package io.ambassador.discovery.support.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Collects an answer's body, or cuts it into lines as it comes. */
final class Body {
    private static final int MAX_BYTES = 16 << 20;
    private static final int MAX_LINE = 4 << 20;
    private static final int FIRST_BYTES = 1024;

    private final @Nullable Lines lines;
    private final BooleanSupplier over;
    private final List<byte[]> parts = new ArrayList<>();
    private byte[] bytes = {}; // of the line that is coming
    private int length;

    /**
     * @param lines {@code null} to have it whole
     * @param over whether nobody wants to hear more
     */
    Body(@Nullable Lines lines, BooleanSupplier over) {
        this.lines = lines;
        this.over = over;
    }

    /** @return what is wrong, or {@code null} */
    @Nullable String add(ByteBuf more) {
        if (lines == null) {
            return keep(more);
        }
        int end;
        while (!over.getAsBoolean() && (end = more.bytesBefore((byte) '\n')) >= 0) {
            String problem = append(more, end);
            if (problem != null) {
                return problem;
            }
            more.skipBytes(1);
            int to = length > 0 && bytes[length - 1] == '\r' ? length - 1 : length;
            length = 0;
            lines.onLine(new String(bytes, 0, to, UTF_8));
        }
        if (length == 0 && bytes.length > FIRST_BYTES) {
            bytes = new byte[FIRST_BYTES]; // a long line has passed
        }
        return append(more, more.readableBytes());
    }

    /** What has come and was no line. */
    List<byte[]> parts() {
        return parts;
    }

    private @Nullable String keep(ByteBuf more) {
        int count = more.readableBytes();
        length += count;
        if (length > MAX_BYTES) {
            return tooLong("its answer", MAX_BYTES);
        }
        if (count > 0) {
            byte[] part = new byte[count];
            more.readBytes(part);
            parts.add(part);
        }
        return null;
    }

    private @Nullable String append(ByteBuf more, int count) {
        if (length + count > MAX_LINE) {
            return tooLong("a line of its answer", MAX_LINE);
        }
        if (length + count > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(FIRST_BYTES, Math.max(length + count, bytes.length * 2)));
        }
        more.readBytes(bytes, length, count);
        length += count;
        return null;
    }

    private static String tooLong(String what, int most) {
        return what + " is longer than " + (most >> 20) + " MiB";
    }
}
